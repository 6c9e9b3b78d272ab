-- SPDX-License-Identifier: Apache-2.0
describe("a morning", function()
  it("is at nine of the shop's clock", function(shop)
    shop:event("evening", { subject = "ida" }) -- ten o'clock in Copenhagen
    shop:advance("2d")
    shop:expect_outcome("23.0")
  end)

  it("is at nine of the customer's clock where it is known", function(shop)
    shop:person("ida", { timezone = "America/New_York" })
    shop:event("evening", { subject = "ida" }) -- four o'clock in New York
    shop:advance("2d")
    shop:expect_outcome("5.0")
  end)

  it("comes an hour sooner after the night in which the clocks go on", function(shop)
    shop:advance("82d")
    shop:advance("10h")
    shop:event("evening", { subject = "ida" }) -- Saturday 28 March, eight in the evening
    shop:advance("2d")
    shop:expect_outcome("12.0")
  end)
end)
