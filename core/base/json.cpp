#include "precedent/base/json.h"

namespace precedent {

Result<Json> parseJson(std::string_view text, const std::string& what)
{
    try {
        return Json::parse(text);
    } catch (const nlohmann::json::parse_error& e) {
        return Error(ErrorCode::corrupt, what + " is not valid JSON: parsing stopped at byte " + std::to_string(e.byte) + ".",
            "Check that the file is complete and in UTF-8.");
    } catch (const std::exception& e) {
        return Error(ErrorCode::corrupt, what + " could not be read as JSON: " + e.what());
    }
}

std::string dumpJson(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

} // namespace precedent
