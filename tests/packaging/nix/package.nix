# What the package is made of, and the flake's outputs, without building anything.
let
  lib = import ./lib.nix;
  pkgs = import ./pkgs.nix { jsonType = lib.types.json; };
  flake = (import ../../../flake.nix).outputs {
    self = { };
    nixpkgs = { inherit lib; legacyPackages = lib.genAttrs lib.platforms.linux (_: pkgs); };
  };
  package = flake.packages.x86_64-linux.default;
in
{
  inherit (package) pname version postInstall;
  dependencies = map (needed: needed.pname) package.dependencies;
  build = map (needed: needed.pname) package.build-system;
  source = toString package.src;
  systems = builtins.attrNames flake.packages;
  overlay = (flake.overlays.default pkgs { }).orchd.pname;
  module = toString flake.nixosModules.default;
}
