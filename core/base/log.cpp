#include "precedent/base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace precedent {

Status setUpLogging(const std::string& level, const std::string& file)
{
    const auto parsed = spdlog::level::from_str(level);
    if (parsed == spdlog::level::off && level != "off")
        return Error(ErrorCode::invalidArgument, "Unknown log level '" + level + "'.", "Use trace, debug, info, warn, error or off.");
    try {
        std::vector<spdlog::sink_ptr> sinks{std::make_shared<spdlog::sinks::stderr_color_sink_mt>()};
        if (!file.empty())
            sinks.push_back(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file));
        auto logger = std::make_shared<spdlog::logger>("precedent", sinks.begin(), sinks.end());
        logger->set_level(parsed);
        spdlog::set_default_logger(std::move(logger));
    } catch (const spdlog::spdlog_ex& e) {
        return Error(ErrorCode::io, "Could not open the log file " + file + ": " + e.what());
    }
    return {};
}

void logWarning(const std::string& message) { spdlog::warn("{}", message); }

} // namespace precedent
