-- SPDX-License-Identifier: Apache-2.0
describe("a watch", function()
  it("counts on through many fresh starts (R5)", function(shop)
    shop:event("watch.began", { subject = "ida" })
    for _ = 1, 50 do
      shop:event("watch.ticked", { subject = "ida" })
      shop:advance("7d")
    end
    shop:advance("30d")
    shop:expect_outcome("seen 50")
  end)
end)
