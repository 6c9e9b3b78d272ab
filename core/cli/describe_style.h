// SPDX-License-Identifier: Apache-2.0
// How documents in HTML look: on paper, on a phone, by day and by night. Colours keep a contrast of 4.5 (WCAG 2.1 AA).
// Pure data.
#pragma once

extern const char md_describe_style[];
