local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.measures",
  run = function(m, event)
    m:count("kept", 1, { kind = "a" })
    m:observe("kept_hours", 1.5)
    m:quantile("kept_hours", 0.5, { over = "30d", min_n = 1 })
    assert(m:quantile("never", 0.5, { over = "30d", min_n = 50 }) == nil, "too little is known")
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
