local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.typed",
  run = function(m, event)
    assert(event.data.at == 1767225600, "a time as the plan types it")
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
