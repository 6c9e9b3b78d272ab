-- Confirms an order at once, asks for the payment when it was refused, and tells of changes for 30 days.
local moment = require "moment"
local view = require "order_view"

return moment.define {
  title = "Order confirmation",
  class = "service",
  on = { "order.placed", "order.payment_failed" },
  about = "order",
  templates = { "order_changed", "order_cancelled" },

  run = function(m, order)
    local locale = view.locale(m, order)

    if order.type == "order.payment_failed" then
      m:send { template = "payment_failed", data = view.order(order, locale), locale = locale }
      order = m:wait_for("order.placed", { within = "3d" })
      if not order then return "unpaid" end
    end

    m:send {
      template = "confirmation",
      data = view.order(order, locale),
      locale = locale,
      fallback_template = "confirmation_plain",
    }

    while true do
      local event = m:wait_for({ "order.changed", "order.cancelled" }, { within = "30d" })
      if not event then return "done" end
      m:send { template = (event.type:gsub("%.", "_")), data = view.order(event, locale), locale = locale }
      if event.type == "order.cancelled" then return "cancelled" end
    end
  end,
}
