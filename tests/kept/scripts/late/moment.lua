local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.late",
  run = function(m, event)
    local _, late = m:wait_for("never", { within = 0.5, max_lateness = 0.2, late = "branch" })
    assert(late == "late", "a wait that ended while nobody was there")
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
