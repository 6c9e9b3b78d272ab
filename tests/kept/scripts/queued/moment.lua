local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.queued",
  again = "queue",
  run = function(m, event)
    assert(event.data.n >= 1, "the trigger")
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
