-- SPDX-License-Identifier: Apache-2.0
-- The plan of the moments that try out the script language's steps in virtual time.
local plan = require "plan"

return plan.define {
  person = { strong = { "subject" } },
  things = {
    cart = { of = "person", at = "data.cart_id" },
    order = { of = "person", at = "data.order_id" },
    parcel = { of = "order", at = "data.shipment_id" },
  },
}
