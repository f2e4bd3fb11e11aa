#pragma once

/// Contracts between caller and callee, checked where `CORPUSCLE_CHECK_CONTRACTS` is defined (the
/// `dev` and `tsan` presets); elsewhere they cost nothing. A broken contract is a bug: it aborts.
#ifdef CORPUSCLE_CHECK_CONTRACTS
#include <cstdio>
#include <cstdlib>
#define CORPUSCLE_CONTRACT_(kind, condition)                                                              \
  ((condition) ? void()                                                                                   \
               : (std::fprintf(stderr, "%s:%d: %s violated: %s\n", __FILE__, __LINE__, kind, #condition), \
                  std::abort()))
#else
#define CORPUSCLE_CONTRACT_(kind, condition) void(sizeof((condition) ? 1 : 0))
#endif
#define CORPUSCLE_EXPECT(condition) CORPUSCLE_CONTRACT_("precondition", condition)
