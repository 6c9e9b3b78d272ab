local moment = require "moment"

return moment.define {
  class = "service",
  on = "kept.messages",
  run = function(m, event)
    local sent = m:send { template = "hello", data = { n = 1 } }
    assert(sent.sent and sent.id, "a message")
    local unless = { past = "kept.looked_at", within = "30d" }
    local second = m:send { template = "hello", data = { n = 1 }, unless = unless }
    assert(second.reason == "unless", "a message that is not sent")
    m:wait_for("finish", { within = "399d" })
    return "ok"
  end,
}
