local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.arms",
  run = function(m, event)
    local arm = m:experiment("subject")
    assert(arm == "control" or arm == "other", "an arm")
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
