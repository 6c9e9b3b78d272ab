local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.calls",
  run = function(m, event)
    local answer = m:http { connection = "kept", path = "/good" }
    assert(answer.json.n == 1, "an answer")
    local none, _, code = m:http { connection = "kept", path = "/bad" }
    assert(none == nil and code, "a refusal")
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
