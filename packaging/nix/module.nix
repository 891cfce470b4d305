# services.orchd: the unit is packaging/systemd/orchd.service, as the package ships it; only what a machine decides is
# added here, so that NixOS and other systems run the same, explained and tested, service.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.orchd;

  written = (pkgs.formats.yaml { }).generate "orchd.yaml" cfg.settings;

  # A wrong setting fails the build, not the start. Credentials do not exist yet while building: only their names count.
  checked = pkgs.runCommand "orchd.yaml" { } ''
    mkdir credentials
    ${lib.concatMapStrings (name: "touch credentials/${name}\n") (lib.attrNames cfg.credentials)}
    CREDENTIALS_DIRECTORY=$PWD/credentials ${cfg.package}/bin/orchd check-config ${written}
    cp ${written} $out
  '';

  # Who besides root may use the control socket.
  group = cfg.settings.control.group or null;
in
{
  options.services.orchd = {
    enable = lib.mkEnableOption "orchd, a workflow orchestration daemon that speaks the Prefect 3 API";

    package = lib.mkOption {
      type = lib.types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The package that gives orchd, orchctl and the units.";
    };

    settings = lib.mkOption {
      type = (pkgs.formats.yaml { }).type;
      default = { };
      example = lib.literalExpression ''
        {
          server.port = 4200;
          database.url_file = "database-url";
        }
      '';
      description = ''
        What stands in orchd.yaml; `orchd schema` lists every option. It is checked while the system is built.
        The file is in the Nix store, which everybody may read: give secrets as `credentials`.
      '';
    };

    credentials = lib.mkOption {
      type = lib.types.attrsOf (lib.types.strMatching "/.*");
      default = { };
      example = {
        database-url = "/run/keys/orchd-database-url";
      };
      description = ''
        Files with secrets, by the name under which an option such as `database.url_file` refers to them. systemd reads
        them as root when orchd starts and shows them to orchd alone.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = lib.mapAttrsToList (name: path: {
      assertion = !lib.hasPrefix builtins.storeDir path;
      message = "services.orchd.credentials.${name} is in the Nix store (${path}), where everybody may read it.";
    }) cfg.credentials;

    # orchctl, and its completion and manual pages.
    environment.systemPackages = [ cfg.package ];
    environment.etc."orchd/orchd.yaml".source = checked;

    users.groups = lib.optionalAttrs (group != null) { ${group} = { }; };

    systemd.packages = [ cfg.package ];
    systemd.services.orchd = {
      # [Install] of a packaged unit is not looked at by NixOS.
      wantedBy = [ "multi-user.target" ];
      # The file's path stays the same when its content changes: its store path tells.
      restartTriggers = [ checked ];
      serviceConfig =
        lib.optionalAttrs (cfg.credentials != { }) {
          LoadCredential = lib.mapAttrsToList (name: path: "${name}:${path}") cfg.credentials;
        }
        // lib.optionalAttrs (group != null) {
          # The daemon may give its socket only to a group that it is in, and needs the system call for it.
          SupplementaryGroups = [ group ];
          SystemCallFilter = [ "@chown" ];
        };
    };
  };
}
