-- What the sandbox gives to scripts: docs/script-api.md. `require` of anything but the version's files is refused there.
std = {
  read_globals = {
    "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "rawlen", "require",
    "select", "setmetatable", "tonumber", "tostring", "type", "xpcall", "_G", "_VERSION",
    math = { fields = {
      "abs", "ceil", "cos", "acos", "asin", "atan", "deg", "exp", "floor", "fmod", "huge", "log", "max", "maxinteger",
      "min", "mininteger", "modf", "pi", "rad", "sin", "sqrt", "tan", "tointeger", "type", "ult",
    } },
    string = { fields = {
      "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "pack", "packsize", "rep", "reverse",
      "sub", "unpack", "upper",
    } },
    table = { fields = { "concat", "insert", "move", "pack", "remove", "sort", "unpack" } },
    utf8 = { fields = { "char", "charpattern", "codepoint", "codes", "len", "offset" } },
  },
}
max_line_length = 120
max_cyclomatic_complexity = 15
-- The argument of a step's callback, and of run, is there to be named even where it is not used.
unused_args = false
self = false

-- What `momentd test` gives to specs besides.
files["**/*_spec.lua"] = { read_globals = { "describe", "it" } }
