#include "precedent/base/result.h"

#include <cerrno>
#include <cstring>

namespace precedent {

const char* toString(ErrorCode code)
{
    switch (code) {
    case ErrorCode::invalidArgument:
        return "invalid_argument";
    case ErrorCode::notFound:
        return "not_found";
    case ErrorCode::alreadyExists:
        return "already_exists";
    case ErrorCode::failedPrecondition:
        return "failed_precondition";
    case ErrorCode::corrupt:
        return "corrupt";
    case ErrorCode::unsupported:
        return "unsupported";
    case ErrorCode::tooNew:
        return "too_new";
    case ErrorCode::permissionDenied:
        return "permission_denied";
    case ErrorCode::diskFull:
        return "disk_full";
    case ErrorCode::outOfMemory:
        return "out_of_memory";
    case ErrorCode::io:
        return "io";
    case ErrorCode::cancelled:
        return "cancelled";
    case ErrorCode::internal:
        return "internal";
    }
    return "internal";
}

Error errnoError(int errnoValue, const std::string& action, const std::string& path)
{
    const std::string message = "Could not " + action + " " + path + ": " + std::strerror(errnoValue) + ".";
    switch (errnoValue) {
    case ENOSPC:
    case EDQUOT:
        return {ErrorCode::diskFull, message, "Free some space on that disk and try again; what was there before is unchanged."};
    case EACCES:
    case EPERM:
    case EROFS:
        return {ErrorCode::permissionDenied, message, "Check who owns it and whether its folder can be written."};
    case ENOENT:
    case ENOTDIR:
        return {ErrorCode::notFound, message, "Check the path."};
    case EEXIST:
        return {ErrorCode::alreadyExists, message, "Choose another name."};
    default:
        return {ErrorCode::io, message};
    }
}

} // namespace precedent
