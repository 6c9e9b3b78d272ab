local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.clock",
  run = function(m, event)
    local before = m:now()
    m:sleep_until(before + 1)
    assert(m:now() >= before + 1, "a time that has come")
    assert(m:random() < 1, "a random number")
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
