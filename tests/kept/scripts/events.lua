-- The plan of the shop whose databases and journals are kept. It never changes: they were made with it.
local plan = require "plan"

return plan.define {
  person = { strong = { "subject" }, weak = { "data.anonymous_id" } },
  things = { order = { of = "person", at = "data.order_id" } },
  events = {
    ["kept.typed"] = { typed = { ["data.at"] = "time", ["data.total"] = "money" } },
  },
}
