-- SPDX-License-Identifier: Apache-2.0
describe("a cart", function()
  local function cart(shop, id, total)
    shop:event("cart.updated", { subject = "ida", data = { cart_id = id, total = total } })
  end

  it("is bought by any order of the person that is large enough (P5, W4)", function(shop)
    cart(shop, "k1", 200)
    shop:event("order.placed", { subject = "ida", data = { order_id = "1", cart_id = "k7", total = 100 } })
    shop:event("order.placed", { subject = "bo", data = { order_id = "2", total = 500 } })
    shop:expect_run_state("waiting")
    shop:event("order.placed", { subject = "ida", data = { order_id = "3", cart_id = "k8", total = 300 } })
    shop:expect_outcome("bought for 300")
  end)

  it("is judged by its newest state (T3)", function(shop)
    cart(shop, "k1", 200)
    shop:advance("30m")
    cart(shop, "k1", 250)
    cart(shop, "k1", 0)
    shop:advance("30m")
    shop:expect_outcome("left at 250")
  end)

  it("looks back by the person (W1)", function(shop)
    for i = 1, 3 do
      cart(shop, "k" .. i, 100)
      shop:advance("2h")
      shop:expect_outcome("left at 100")
    end
    cart(shop, "k9", 100)
    shop:expect_outcome("restless")
  end)
end)
