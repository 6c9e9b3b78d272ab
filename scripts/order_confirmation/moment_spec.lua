describe("order confirmation", function()
  local function order(more)
    local data = {
      order_id = "1001",
      email = "ida@example.com",
      name = "Ida",
      currency = "DKK",
      total = 598,
      items = { { name = "Uldtrøje", quantity = 2, price = 299 } },
      promised_at = "2026-03-06T12:00:00Z",
    }
    for name, value in pairs(more or {}) do data[name] = value end
    return { subject = "kunde-1", data = data }
  end

  it("confirms at once, in Danish", function(shop)
    shop:event("order.placed", order())
    shop:expect_message {
      template = "confirmation",
      to = "ida@example.com",
      locale = "da",
      subject = "Tak for din ordre 1001",
    }
    shop:advance("30d")
    shop:expect_outcome("done")
  end)

  it("confirms in English to those who read English", function(shop)
    shop:event("order.placed", order { locale = "en" })
    shop:expect_message { template = "confirmation", locale = "en", subject = "Thank you for your order 1001" }
  end)

  it("does with an order that says next to nothing", function(shop)
    local bare = { order_id = "1002", email = "bo@example.com", items = {}, total = 0 }
    shop:event("order.placed", { subject = "kunde-2", data = bare })
    shop:expect_message { template = "confirmation", to = "bo@example.com" }
  end)

  it("confirms one order once", function(shop)
    shop:event("order.placed", order())
    shop:expect_message { template = "confirmation" }
    shop:event("order.placed", order())
    shop:expect_no_message()
  end)

  it("tells of a change and of the cancellation, then ends", function(shop)
    shop:event("order.placed", order())
    shop:expect_message { template = "confirmation" }
    shop:advance("2d")
    shop:event("order.changed", order { total = 299 })
    shop:expect_message { template = "order_changed", subject = "Din ordre 1001 er ændret" }
    shop:event("order.cancelled", { subject = "kunde-1", data = { order_id = "1001" } })
    shop:expect_message { template = "order_cancelled" }
    shop:expect_outcome("cancelled")
  end)

  it("keeps another order of the same customer apart", function(shop)
    shop:event("order.placed", order())
    shop:expect_message { template = "confirmation" }
    shop:event("order.cancelled", { subject = "kunde-1", data = { order_id = "1999" } })
    shop:expect_no_message()
  end)

  it("asks for the payment, and confirms when it came", function(shop)
    shop:event("order.payment_failed", order())
    shop:expect_message { template = "payment_failed", subject = "Din betaling gik ikke igennem" }
    shop:advance("1d")
    shop:event("order.placed", order())
    shop:expect_message { template = "confirmation" }
  end)

  it("gives up on a payment after three days", function(shop)
    shop:event("order.payment_failed", order())
    shop:expect_message { template = "payment_failed" }
    shop:advance("3d")
    shop:expect_outcome("unpaid")
  end)

  it("says why nothing was sent to somebody without an address", function(shop)
    shop:event("order.placed", { subject = "kunde-3", data = { order_id = "1003" } })
    shop:expect_decision { sent = false, reason = "no_address" }
  end)
end)
