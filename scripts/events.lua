-- What happens in this shop, and what each event is about.
local plan = require "plan"

return plan.define {
  person = { strong = { "subject", "data.email" }, weak = { "data.anonymous_id" } },

  -- What there is, what each belongs to, and where events carry it unless their type says otherwise.
  things = {
    -- No `at`: an order may name the cart that it came from, and is yet about whatever cart the customer has left.
    cart = { of = "person" },
    order = { of = "person", at = "data.order_id" },
    parcel = { of = "order", at = "data.shipment_id" },
  },

  events = {
    ["cart.updated"] = {
      means = "The customer has put something into a cart or taken something out",
      about = { cart = "data.cart_id" },
      typed = { ["data.total"] = "money", ["data.name"] = "name" },
      address = { email = "data.email" },
    },
    ["cart.restored"] = {
      means = "The customer has come back to a cart by the link in a reminder",
      about = { cart = "data.cart_id" },
    },
    ["order.placed"] = {
      means = "The customer has ordered",
      typed = { ["data.total"] = "money", ["data.promised_at"] = "time", ["data.name"] = "name" },
      address = { email = "data.email" },
    },
    ["order.payment_failed"] = {
      means = "The payment of an order was refused",
      typed = { ["data.total"] = "money", ["data.name"] = "name" },
      address = { email = "data.email" },
    },
    ["order.changed"] = {
      means = "The shop or the customer has changed an order",
      typed = { ["data.total"] = "money", ["data.promised_at"] = "time", ["data.name"] = "name" },
      address = { email = "data.email" },
    },
    ["order.cancelled"] = { means = "An order was cancelled", typed = { ["data.name"] = "name" } },
    ["order.paid"] = { means = "The payment of an order has come in" },
    ["shipment.dispatched"] = {
      means = "A parcel was handed to the carrier",
      typed = { ["data.promised_at"] = "time" },
    },
    ["shipment.scanned"] = { means = "A carrier saw the parcel", about = { parcel = "data.tracking.number" } },
    ["shipment.delivered"] = { means = "The parcel was delivered" },
  },
}
