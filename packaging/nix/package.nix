# orchd and orchctl, with the units that the module (or `systemd.packages`) takes up.
{ lib, python3Packages }:

python3Packages.buildPythonApplication {
  pname = "orchd";
  version = (builtins.fromTOML (builtins.readFile ../../pyproject.toml)).project.version;
  pyproject = true;

  # Only what the wheel and the units are made of: a change in the tests or the manual rebuilds nothing.
  src = lib.fileset.toSource {
    root = ../..;
    fileset = lib.fileset.unions [
      ../../pyproject.toml
      ../../README.md
      ../../LICENSE
      ../../daemon
      ../../config
      ../../migrations
      ../systemd
    ];
  };

  build-system = [ python3Packages.hatchling ];

  # The names of pyproject.toml, all of them; a test compares.
  dependencies = with python3Packages; [
    aiohttp
    alembic
    asyncpg
    click
    croniter
    cryptography
    humanize
    isal
    jinja2
    jsonschema
    msgspec
    python-dateutil
    pyyaml
    rich
    sdnotify
    sqlalchemy
    tzdata
    uvloop
  ] ++ python3Packages.sqlalchemy.optional-dependencies.asyncio;

  postInstall = ''
    install -D --mode=644 --target-directory=$out/lib/systemd/system packaging/systemd/*.service
    for unit in $out/lib/systemd/system/*.service; do
      substituteInPlace $unit --replace-fail /usr/bin/ $out/bin/
    done
  '';

  # The tests start servers and a systemd of their own; a build has neither.
  doCheck = false;
  pythonImportsCheck = [
    "orchd"
    "orchctl"
  ];

  meta = {
    description = "Workflow orchestration daemon that speaks the Prefect 3 API";
    license = lib.licenses.asl20;
    mainProgram = "orchd";
    platforms = lib.platforms.linux;
  };
}
