# Packages that are never built: a build is kept as the script it would run, so that a test can run it.
{ jsonType }:
rec {
  formats.yaml = _: {
    type = jsonType;
    # JSON is YAML.
    generate = name: value: builtins.toFile name (builtins.toJSON value);
  };
  runCommand = name: _: script: {
    inherit name script;
    type = "derivation";
    outPath = builtins.toFile name script;
  };
  callPackage = path: arguments: import path ({ inherit lib python3Packages; } // arguments);
  lib = import ./lib.nix;
  python3Packages = {
    buildPythonApplication = arguments: arguments // { outPath = "/nix/store/made-of-${arguments.pname}"; };
    sqlalchemy.pname = "sqlalchemy";
    sqlalchemy.optional-dependencies.asyncio = [ { pname = "greenlet"; } ];
  } // lib.genAttrs [
    "aiohttp" "alembic" "asyncpg" "click" "croniter" "cryptography" "hatchling" "humanize" "isal" "jinja2" "jsonschema"
    "msgspec" "python-dateutil" "pyyaml" "rich" "tzdata"
    "sdnotify" "uvloop"
  ] (pname: { inherit pname; });
}
