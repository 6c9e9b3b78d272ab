local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.events",
  run = function(m, event)
    local past = m:past("kept.looked_at", { within = "30d" })
    assert(past.count == 2 and past.last.data.n == 2, "what was looked at")
    assert(m:past("never", { within = "30d" }).count == 0, "nothing to look at")
    assert(m:latest().data.n == 1, "the newest trigger")
    m:emit { type = "kept.said", data = { n = 1 } }
    local burst = m:collect("kept.burst", { quiet = 1, within = "1h" })
    assert(#burst == 2 and burst[2].data.n == 2, "a burst as one")
    assert(#m:collect("never", { within = 0.05 }) == 0, "nothing to collect")
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
