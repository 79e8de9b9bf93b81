#pragma once

#include <string>

#include <c10/util/Exception.h>

#include "core/model/cancelled.h"
#include "precedent/base/result.h"

namespace precedent::core {

/// Runs work that may throw; what comes out is a Result.
template <typename Work>
auto guarded(const std::string& action, const Work& work) -> decltype(work())
{
    try {
        return work();
    } catch (const Cancelled&) {
        return Error(ErrorCode::cancelled, "Stopped.");
    } catch (const std::bad_alloc&) {
        return Error(ErrorCode::outOfMemory, action + " needs more memory than there is.", "Use a smaller batch or close other programs.");
    } catch (const c10::Error& error) {
        return Error(ErrorCode::internal, action + " failed: " + error.what_without_backtrace());
    } catch (const std::exception& error) {
        return Error(ErrorCode::internal, action + " failed: " + error.what());
    }
}

} // namespace precedent::core
