# The part of nixpkgs' lib that the module and the package use, for machines without nixpkgs: just enough to evaluate them.
rec {
  inherit (builtins) attrNames;

  mkOption = declared: declared // { _type = "option"; };
  mkEnableOption = what: mkOption {
    type = types.bool;
    default = false;
    description = "Whether to enable ${what}.";
  };
  mkIf = condition: content: if condition then content else { };
  literalExpression = text: { inherit text; };

  optionalAttrs = condition: set: if condition then set else { };
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  concatMapStrings = f: list: builtins.concatStringsSep "" (map f list);
  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
  genAttrs = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);

  fileset = {
    unions = paths: paths;
    toSource = { root, fileset }: builtins.seq (map builtins.pathExists fileset) root;
  };
  licenses.asl20 = { spdxId = "Apache-2.0"; };
  platforms.linux = [ "x86_64-linux" "aarch64-linux" ];

  # A type here is a name and a check.
  types = {
    bool = { name = "boolean"; check = builtins.isBool; };
    package = { name = "package"; check = value: (value.type or "") == "derivation"; };
    json = {
      name = "JSON value";
      check = value: !(builtins.isFunction value || builtins.isPath value);
    };
    strMatching = pattern: {
      name = "string matching ${pattern}";
      check = value: builtins.isString value && builtins.match pattern value != null;
    };
    attrsOf = item: {
      name = "attribute set of ${item.name}";
      check = value: builtins.isAttrs value && builtins.all item.check (builtins.attrValues value);
    };
  };

  # The values of `declared` options: the given ones, checked, else the defaults.
  valuesOf = at: declared: given:
    let
      unknown = builtins.filter (name: !(declared ? ${name})) (attrNames given);
      valueOf = name: option:
        let path = "${at}.${name}"; value = given.${name} or option.default;
        in
        if (option._type or "") != "option" then valuesOf path option (given.${name} or { })
        else if option.type.check value then value
        else throw "A definition for option `${path}' is not of type `${option.type.name}'.";
    in
    if unknown != [ ] then throw "The option `${at}.${builtins.head unknown}' does not exist."
    else builtins.mapAttrs valueOf declared;

  evaluate = { module, given, pkgs }:
    let
      made = module { inherit lib pkgs; config = final; };
      lib = import ./lib.nix;
      final.services = valuesOf "services" made.options.services given;
    in
    made.config;
}
