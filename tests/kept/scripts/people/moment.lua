local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.people",
  run = function(m, event)
    m:update_profile { name = "Ida", points = 12 }
    local profile = m:profile()
    assert(profile.name == "Ida" and profile.points == 12, "what was just written")
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
