local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.again",
  run = function(m, _, state)
    if not state then
      m:wait_for("kept.more", { within = "1h" })
      m:continue_as { n = 1 }
    end
    assert(state.n == 1, "the state")
    m:set("seen", state)
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
