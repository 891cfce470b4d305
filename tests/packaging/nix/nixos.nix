# The configuration that all of NixOS makes of `modules`, with packages that are stubs: nothing is built.
# `nixpkgs` needs lib/, nixos/ and pkgs/pkgs-lib/ only.
{ nixpkgs, modules }:
let
  lib = import (nixpkgs + "/lib");
  ours = import ./pkgs.nix { jsonType = with lib.types; attrsOf anything; };

  stub = name: lib.fix (it: {
    inherit name;
    type = "derivation";
    version = "99";
    outPath = "/nix/store/${name}";
    features = { };
    bin = it;
    kernel = it;
    out = it;
    extend = _: it;
    override = _: it;
  });
  # What the modules of a small machine ask of every package set, whatever is enabled.
  asked = [
    "bashInteractive" "coreutils" "dbus" "findutils" "fish" "glibcLocales" "gnugrep" "gnused" "kexec-tools" "linuxPackages" "shadow"
    "systemd" "tzdata" "xonsh" "zsh"
  ];
  platform = lib.systems.elaborate "x86_64-linux";
  pkgs = lib.genAttrs asked stub // ours // {
    _type = "pkgs";
    inherit lib;
    stdenv = platform // { hostPlatform = platform; };
    formats = import (nixpkgs + "/pkgs/pkgs-lib/formats.nix") { inherit lib pkgs; } // ours.formats;
    appendOverlays = _: pkgs;
    writeText = builtins.toFile;
    __splicedPackages = pkgs;
  };

  # No kernel, no accounts, no manual: what has nothing to do with a service is left out.
  small = {
    boot.isContainer = true;
    documentation.enable = false;
    environment.stub-ld.enable = false;
    nix.enable = false;
    security.sudo.enable = false;
    system.stateVersion = "25.05";
    users.allowNoPasswordLogin = true;
  };
in
(import (nixpkgs + "/nixos/lib/eval-config.nix") {
  inherit lib pkgs;
  system = "x86_64-linux";
  modules = modules ++ [ small ];
}).config
