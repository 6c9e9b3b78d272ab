describe("abandoned cart", function()
  local LINK = "https://shop.example/cart/k1?token=abc"

  local function cart(more)
    local data = {
      cart_id = "k1",
      currency = "DKK",
      total = 897,
      restore_url = LINK,
      items = {
        { sku = "JUMPER", name = "Uldtrøje", quantity = 2, price = 299 },
        { sku = "TEAPOT", name = "Tekande", quantity = 1, price = 299 },
      },
    }
    for name, value in pairs(more or {}) do data[name] = value end
    return { subject = "kunde-1", data = data }
  end

  local function ida(shop, more)
    local fields = { email = "ida@example.com", name = "Ida", locale = "da", consent = { "email/marketing" } }
    for name, value in pairs(more or {}) do fields[name] = value end
    shop:person("kunde-1", fields)
  end

  local function in_stock(shop) shop:answer("stock", { json = { left = { JUMPER = 5, TEAPOT = 1 } } }) end

  local function left_alone(shop)
    in_stock(shop)
    shop:event("cart.updated", cart())
    shop:advance("1h")
  end

  -- Of another cart than the one that was left.
  local function order(subject)
    return { subject = subject, data = { order_id = "1001", cart_id = "k9", total = 50 } }
  end

  describe("the reminder", function()
    it("comes an hour after the last change, once", function(shop)
      ida(shop)
      in_stock(shop)
      shop:event("cart.updated", cart())
      shop:advance("30m")
      shop:event("cart.updated", cart { total = 598 })
      shop:advance("59m")
      shop:expect_no_message()
      shop:advance("1m")
      shop:expect_call { connection = "stock", method = "GET", path = "/stock" }
      shop:expect_message { template = "reminder", to = "ida@example.com", class = "marketing" }
      shop:advance("2d")
      shop:expect_no_message()
    end)

    it("comes in Danish", function(shop)
      shop:arm("cart_subject", "control")
      ida(shop)
      left_alone(shop)
      shop:expect_message {
        template = "reminder",
        locale = "da",
        variant = "control",
        subject = "Vi har gemt din kurv",
        text = "Hej Ida",
      }
    end)

    for language, words in pairs {
      da = {
        control = "Vi har gemt din kurv",
        friendly = "Tænker du stadig på Uldtrøje?",
        unnamed = "Tænker du stadig over det?",
        again = "Din kurv er her endnu",
        says = {
          "Hej Ida",
          "Måske blev du afbrudt",
          "2 × Uldtrøje: 598,00\u{a0}kr.",
          "Gå til din kurv <" .. LINK .. ">",
          "Afmeld: http",
        },
        bare = "Du finder den i butikken",
        last = "Vi skriver ikke mere om denne kurv",
      },
      en = {
        control = "We have saved your cart",
        friendly = "Still thinking about Uldtrøje?",
        unnamed = "Still thinking it over?",
        again = "Your cart is still here",
        says = {
          "Hello Ida",
          "Perhaps something came up",
          "2 × Uldtrøje: DKK\u{a0}598.00",
          "Go to your cart <" .. LINK .. ">",
          "Unsubscribe: http",
        },
        bare = "You will find it in the shop",
        last = "We will not write about this cart again",
      },
    } do
      for _, text in ipairs(words.says) do
        it("says to the control, in " .. language .. ": " .. text, function(shop)
          shop:arm("cart_subject", "control")
          ida(shop, { locale = language })
          left_alone(shop)
          shop:expect_message { variant = "control", locale = language, subject = words.control, text = text }
        end)

        it("says to the friendly arm, in " .. language .. ": " .. text, function(shop)
          shop:arm("cart_subject", "friendly")
          ida(shop, { locale = language })
          left_alone(shop)
          shop:expect_message { variant = "friendly", locale = language, subject = words.friendly, text = text }
        end)
      end

      it("does with a cart that says next to nothing, in " .. language, function(shop)
        shop:arm("cart_subject", "control")
        ida(shop, { locale = language })
        shop:event("cart.updated", { subject = "kunde-1", data = { cart_id = "k1", total = 200 } })
        shop:advance("1h")
        shop:expect_message { variant = "control", locale = language, text = words.bare }
      end)

      it("does without the name of a thing in the subject, in " .. language, function(shop)
        shop:arm("cart_subject", "friendly")
        ida(shop, { locale = language })
        shop:event("cart.updated", { subject = "kunde-1", data = { cart_id = "k1", total = 200 } })
        shop:advance("1h")
        shop:expect_message { variant = "friendly", locale = language, subject = words.unnamed, text = words.bare }
      end)

      it("comes a second time after three days, and says that it is the last, in " .. language, function(shop)
        ida(shop, { locale = language })
        left_alone(shop)
        shop:expect_message { template = "reminder" }
        shop:advance("3d")
        shop:expect_message { template = "still_there", locale = language, subject = words.again, text = words.last }
        shop:advance("30d")
        shop:expect_no_message()
        shop:expect_outcome("lost")
      end)
    end

    it("leaves a link that is not https out", function(shop)
      ida(shop)
      in_stock(shop)
      shop:event("cart.updated", cart { restore_url = "http://shop.example/cart/k1" })
      shop:advance("1h")
      shop:expect_message { template = "reminder", text = "Du finder den i butikken" }
    end)

    it("goes where the cart says, before the profile", function(shop)
      ida(shop)
      in_stock(shop)
      shop:event("cart.updated", cart { email = "ida@work.example" })
      shop:advance("1h")
      shop:expect_message { template = "reminder", to = "ida@work.example" }
    end)

    it("speaks the language of the cart where it names one", function(shop)
      ida(shop)
      in_stock(shop)
      shop:event("cart.updated", cart { locale = "en" })
      shop:advance("1h")
      shop:expect_message { locale = "en" }
    end)
  end)

  describe("consent", function()
    it("is needed, and its lack is noted", function(shop)
      shop:person("kunde-1", { email = "ida@example.com" })
      left_alone(shop)
      shop:expect_no_message()
      shop:expect_decision { sent = false, reason = "no_consent", template = "reminder" }
      shop:expect_outcome("not sent: no_consent")
    end)

    it("for other things is not enough", function(shop)
      shop:person("kunde-1", { email = "ida@example.com", consent = { "sms/marketing", "email/feedback" } })
      left_alone(shop)
      shop:expect_decision { sent = false, reason = "no_consent" }
    end)

    it("that was withdrawn is none, for the second reminder too", function(shop)
      ida(shop)
      left_alone(shop)
      shop:expect_message { template = "reminder" }
      shop:event("consent.withdrawn", { subject = "kunde-1", data = { channel = "email" } })
      shop:advance("3d")
      shop:expect_no_message()
      shop:expect_decision { sent = false, reason = "no_consent", template = "still_there" }
    end)

    it("without an address leads nowhere, and that is noted", function(shop)
      shop:person("kunde-1", { consent = { "email/marketing" } })
      left_alone(shop)
      shop:expect_decision { sent = false, reason = "no_address" }
    end)
  end)

  describe("a purchase", function()
    it("within the hour needs no reminder, whatever cart it was", function(shop)
      ida(shop)
      shop:event("cart.updated", cart())
      shop:advance("10m")
      shop:event("order.placed", order("kunde-1"))
      shop:expect_outcome("bought by themselves")
    end)

    it("of somebody else changes nothing", function(shop)
      ida(shop)
      in_stock(shop)
      shop:event("cart.updated", cart())
      shop:event("order.placed", order("kunde-2"))
      shop:advance("1h")
      shop:expect_message { moment = "abandoned_cart" }
    end)

    it("of this very day is enough: nobody who has just bought is asked to", function(shop)
      ida(shop)
      shop:event("order.placed", order("kunde-1"))
      shop:advance("3h")
      left_alone(shop)
      shop:expect_decision { sent = false, reason = "unless" }
    end)

    it("after the first reminder ends it", function(shop)
      ida(shop)
      left_alone(shop)
      shop:expect_message { template = "reminder" }
      shop:advance("2d")
      shop:event("order.placed", order("kunde-1"))
      shop:expect_outcome("recovered")
      shop:advance("30d")
      shop:expect_no_message { moment = "abandoned_cart" }
    end)

    it("after the second reminder is recovered too", function(shop)
      ida(shop)
      left_alone(shop)
      shop:expect_message { template = "reminder" }
      shop:advance("3d")
      shop:expect_message { template = "still_there" }
      shop:advance("1d")
      shop:event("order.placed", order("kunde-1"))
      shop:expect_outcome("recovered")
    end)
  end)

  describe("the way back", function()
    it("spares them the second reminder", function(shop)
      ida(shop)
      left_alone(shop)
      shop:expect_message { template = "reminder" }
      shop:event("cart.restored", { subject = "kunde-1", data = { cart_id = "k1" } })
      shop:advance("5d")
      shop:expect_no_message()
      shop:expect_outcome("restored")
    end)

    it("that leads to an order is recovered", function(shop)
      ida(shop)
      left_alone(shop)
      shop:expect_message { template = "reminder" }
      shop:event("cart.restored", { data = { cart_id = "k1" } })
      shop:advance("1h")
      shop:event("order.placed", order("kunde-1"))
      shop:expect_outcome("recovered")
    end)
  end)

  describe("an empty cart", function()
    it("is not written about", function(shop)
      ida(shop)
      shop:event("cart.updated", cart { items = {}, total = 0 })
      shop:advance("1h")
      shop:expect_no_message()
      shop:expect_outcome("empty")
    end)

    it("ends what was begun about it", function(shop)
      ida(shop)
      shop:event("cart.updated", cart())
      shop:advance("30m")
      shop:event("cart.updated", cart { items = {}, total = 0 })
      shop:advance("1d")
      shop:expect_no_message()
      shop:expect_outcome("empty")
    end)

    it("withdraws the reminder that waits for the morning", function(shop)
      ida(shop)
      shop:advance("12h")
      left_alone(shop)
      shop:event("cart.updated", cart { total = 0 })
      shop:advance("1d")
      shop:expect_no_message()
    end)

    it("is also one that says neither lines nor total", function(shop)
      ida(shop)
      shop:event("cart.updated", { subject = "kunde-1", data = { cart_id = "k1" } })
      shop:expect_outcome("empty")
    end)
  end)

  describe("the stock", function()
    it("decides: what is sold out is not written about", function(shop)
      ida(shop)
      shop:answer("stock", { json = { left = { JUMPER = 0, TEAPOT = 0 } } })
      shop:event("cart.updated", cart())
      shop:advance("1h")
      shop:expect_no_message()
      shop:expect_outcome("sold out")
    end)

    it("leaves out the part that is gone", function(shop)
      shop:arm("cart_subject", "friendly")
      ida(shop)
      shop:answer("stock", { json = { left = { JUMPER = 0, TEAPOT = 1 } } })
      shop:event("cart.updated", cart())
      shop:advance("1h")
      shop:expect_message { subject = "Tænker du stadig på Tekande?", text = "1 × Tekande" }
    end)

    it("is asked again before the second reminder", function(shop)
      ida(shop)
      left_alone(shop)
      shop:expect_message { template = "reminder" }
      shop:answer("stock", { json = { left = { JUMPER = 0, TEAPOT = 0 } } })
      shop:advance("3d")
      shop:expect_no_message()
      shop:expect_outcome("sold out")
    end)

    it("that is known a little later delays the reminder", function(shop)
      ida(shop)
      in_stock(shop)
      shop:answer("stock", { fail = "network", times = 3 })
      shop:event("cart.updated", cart())
      shop:advance("70m")
      shop:expect_no_message()
      shop:advance("10m")
      shop:expect_message { template = "reminder" }
    end)

    it("that stays unknown is taken to be there", function(shop)
      ida(shop)
      shop:answer("stock", { status = 503 })
      shop:event("cart.updated", cart())
      shop:advance("2h")
      shop:expect_no_message()
      shop:advance("30m")
      shop:expect_message { template = "reminder", text = "2 × Uldtrøje" }
    end)

    it("that is told in another form is unknown", function(shop)
      ida(shop)
      shop:answer("stock", { json = { "JUMPER" } })
      shop:event("cart.updated", cart())
      shop:advance("3h")
      shop:expect_message { template = "reminder" }
    end)

    it("is not asked about things without a number", function(shop)
      ida(shop)
      shop:event("cart.updated", cart { items = { { name = "Gavekort", price = 500 } } })
      shop:advance("1h")
      shop:expect_message { template = "reminder", text = "1 × Gavekort" }
    end)

    it("can be silent while the order comes in", function(shop)
      ida(shop)
      shop:answer("stock", { fail = "timeout" })
      shop:event("cart.updated", cart())
      shop:advance("70m")
      shop:event("order.placed", order("kunde-1"))
      shop:expect_outcome("bought by themselves")
    end)

    it("can be silent while the order comes in after the first reminder", function(shop)
      ida(shop)
      left_alone(shop)
      shop:expect_message { template = "reminder" }
      shop:answer("stock", { fail = "timeout" })
      shop:advance("3d")
      shop:advance("5m")
      shop:event("order.placed", order("kunde-1"))
      shop:expect_outcome("recovered")
    end)
  end)

  describe("decency", function()
    it("allows one cart a week", function(shop)
      ida(shop)
      left_alone(shop)
      shop:expect_message { template = "reminder" }
      shop:advance("4h")
      shop:event("cart.updated", cart { cart_id = "k2" })
      shop:advance("1h")
      shop:expect_decision { sent = false, reason = "limit" }
      shop:expect_outcome("not sent: limit")
    end)

    it("allows another cart after the week", function(shop)
      ida(shop)
      left_alone(shop)
      shop:expect_message { template = "reminder" }
      shop:event("cart.restored", cart())
      shop:advance("8d")
      shop:event("cart.updated", cart { cart_id = "k2" })
      shop:advance("1h")
      shop:expect_message { template = "reminder" }
    end)

    it("lets people sleep", function(shop)
      ida(shop)
      shop:advance("12h")
      left_alone(shop)
      shop:advance("8h")
      shop:expect_no_message()
      shop:advance("2h")
      shop:expect_message { template = "reminder" }
    end)

    it("sends nothing in the morning to who has bought in the night", function(shop)
      ida(shop)
      shop:advance("12h")
      left_alone(shop)
      shop:advance("4h")
      shop:event("order.placed", order("kunde-1"))
      shop:advance("1d")
      shop:expect_no_message { moment = "abandoned_cart" }
    end)

    it("never answers an old cart", function(shop)
      ida(shop)
      local old = cart()
      old.time = "2026-01-03T09:00:00Z"
      shop:event("cart.updated", old)
      shop:expect_no_run()
    end)
  end)
end)
