local moment = require "moment"

return moment.define {
  class = "service",
  on = { "kept.yearly", moment.schedule("0 8 1 1 *", "Europe/Copenhagen") },
  run = function(m, event)
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
