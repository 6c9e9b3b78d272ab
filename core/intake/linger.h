// SPDX-License-Identifier: Apache-2.0
// Closing politely: a client that is answered while it still sends would, were its socket closed at once, be reset and
// may never read the answer. So a duplicate of the socket is read for a while and thrown away. Intake thread.
#pragma once
#include "intake/state.h"

// The connection will be closed after the answer that is queued now, with more of its request to come.
void md_linger_prepare(md_peer *peer);
// libmicrohttpd lets go of it.
void md_linger_begin(md_peer *peer);
void md_linger_end_all(md_intake *intake);
