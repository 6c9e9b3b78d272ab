// SPDX-License-Identifier: Apache-2.0
// Counts and observations of scripts by metric, labels and day (UTC), with a quantile sketch each (A5). The thread of
// the store.
#pragma once
#include "engine/meter.h"

enum { MD_METER_SERIES = 1000 }; // a metric; further label sets count with "other" for every value

// What the engine is wired with.
extern const md_meter md_meter_of_store;
