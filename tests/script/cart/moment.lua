-- SPDX-License-Identifier: Apache-2.0
-- A cart that is changed again is judged by its newest state (T3); an order of the person ends it, whatever cart it was
-- (P5), but only one of this size (W4).
local moment = require "moment"

return moment.define {
  class = "service",
  on = "cart.updated",
  about = "cart",
  where = function(event) return event.data.total > 0 end,
  run = function(m, cart)
    if m:past("cart.updated", { within = "1d", by = "person" }).count > 2 then return "restless" end
    local order = m:wait_for("order.placed", {
      within = "1h",
      by = "person",
      since = "now",
      where = function(event) return event.data.total >= cart.data.total end,
    })
    if order then return "bought for " .. order.data.total end
    return "left at " .. m:latest().data.total
  end,
}
