#pragma once

#include <atomic>
#include <cstdint>

namespace precedent::workspace {

/// Where the replies came from that somebody needed of servers. What the casebase held is not counted. Any thread.
struct ReplyTally {
    std::atomic<std::int64_t> asked{0}; ///< a server gave them now
    std::atomic<std::int64_t> notKept{0}; ///< of those, what the casebase cannot hold: the next time they are asked for again
};

} // namespace precedent::workspace
