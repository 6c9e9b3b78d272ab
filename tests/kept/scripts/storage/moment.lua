local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.storage",
  run = function(m, event)
    assert(m:get("nothing") == nil, "what is not stored")
    m:set("flag", true)
    m:set("off", false)
    m:set("list", { 1, "two", { three = 3.5 } })
    assert(m:get("flag") == true and m:get("off") == false, "booleans")
    assert(m:get("list")[3].three == 3.5, "a table")
    assert(m:add("count", 2) == 2 and m:add("count", 3) == 5, "sums")
    m:set("list", nil)
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
