# services.orchd as `given` (JSON) sets it, as much of the result as the tests look at. With `nixpkgs` the true module
# system and all of NixOS' modules decide, else the small stand-in of this folder.
{ given, package, nixpkgs ? null }:
let
  module = ../../../packaging/nix/module.nix;
  options = builtins.fromJSON given;
  services.orchd = options // {
    package = { type = "derivation"; name = "orchd"; outPath = package; };
  };
  standIn =
    let lib = import ./lib.nix; in
    lib.evaluate {
      module = import module;
      given = services;
      pkgs = import ./pkgs.nix { jsonType = lib.types.json; };
    };
  system =
    if nixpkgs == null then standIn
    else import ./nixos.nix { inherit nixpkgs; modules = [ module { inherit services; } ]; };
  rendered = values:
    let lines = name: map (value: "${name}=${value}\n") values.${name};
    in "[Service]\n" + builtins.concatStringsSep "" (builtins.concatMap lines (builtins.attrNames values));
  unit = system.systemd.services.orchd or { };
in
{
  enabled = (system.systemd.services or { }) ? orchd;
  wantedBy = unit.wantedBy or [ ];
  restartTriggers = map toString (unit.restartTriggers or [ ]);
  # What is added to the unit that the package ships.
  additions =
    if nixpkgs != null && system.systemd.units ? "orchd.service" then system.systemd.units."orchd.service".text
    else rendered (unit.serviceConfig or { });
  shippedBy = map toString (system.systemd.packages or [ ]);
  failed = map (told: told.message) (builtins.filter (told: !told.assertion) (system.assertions or [ ]));
  check = (system.environment.etc."orchd/orchd.yaml" or { source.script = ""; }).source.script;
  groups = builtins.attrNames (system.users.groups or { });
}
