-- SPDX-License-Identifier: Apache-2.0
describe("a digest", function()
  it("comes at eight on the first of each month, in Copenhagen, in winter and in summer (T7)", function(shop)
    shop:advance("20d")
    shop:expect_no_run()
    shop:advance("8d")
    shop:expect_outcome("scheduled at 1769929200") -- 2026-02-01T07:00:00Z
    shop:advance("60d")
    shop:expect_outcome("scheduled at 1775023200") -- 2026-04-01T06:00:00Z
  end)

  it("comes when it is asked for too", function(shop)
    shop:event("digest.wanted", { subject = "ida" })
    shop:expect_outcome("asked for")
  end)
end)
