local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.waits",
  run = function(m, event)
    local more = m:wait_for({ "kept.more", "kept.*" }, { within = "1h" })
    assert(more.data.n == 7 and more.type == "kept.more", "the event of a wait")
    assert(m:wait_for("never", { within = 0.05 }) == nil, "a wait that nothing answers")
    m:sleep(0.05)
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
