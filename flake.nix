{
  description = "orchd, a workflow orchestration daemon that speaks the Prefect 3 API";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.05";

  outputs =
    { nixpkgs, ... }:
    let
      package = pkgs: pkgs.callPackage ./packaging/nix/package.nix { };
      eachSystem = nixpkgs.lib.genAttrs [
        "x86_64-linux"
        "aarch64-linux"
      ];
    in
    {
      packages = eachSystem (system: rec {
        orchd = package nixpkgs.legacyPackages.${system};
        default = orchd;
      });

      overlays.default = final: _: { orchd = package final; };

      nixosModules = rec {
        orchd = ./packaging/nix/module.nix;
        default = orchd;
      };
    };
}
