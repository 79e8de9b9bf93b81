#include "precedent/workspace/model_registry.h"

#include <algorithm>

#include "precedent/base/files.h"
#include "precedent/base/json.h"
#include "precedent/workspace/file_lock.h"

namespace precedent::workspace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "precedent-models";
constexpr int kVersion = 1;
constexpr std::size_t kMostBytes = 4U << 20;
constexpr std::size_t kLongestName = 64;

Error unreadable(const fs::path& file, const std::string& what)
{
    return {ErrorCode::corrupt, file.string() + " is no list of models: " + what,
        "Mend it or move it away; it is left as it is, and so are the models."};
}

Result<std::vector<RegisteredModel>> modelsFrom(const Json& json, const fs::path& file)
{
    if (!json.is_object() || json.value("format", Json()) != Json(kFormat))
        return unreadable(file, std::string("it does not say \"format\": \"") + kFormat + "\".");
    const Json version = json.value("version", Json());
    if (!version.is_number_integer() || version.get<std::int64_t>() < 1)
        return unreadable(file, "it has no version.");
    if (version.get<std::int64_t>() > kVersion)
        return Error(ErrorCode::tooNew, file.string() + " was written by a newer version of this program.", "Use that version.");
    const Json models = json.value("models", Json());
    if (!models.is_object())
        return unreadable(file, "it has no object \"models\".");
    std::vector<RegisteredModel> list;
    for (const auto& [name, folder] : models.items()) {
        if (!checkModelName(name) || !folder.is_string() || !fs::path(folder.get<std::string>()).is_absolute())
            return unreadable(file, "the entry \"" + name + "\" is not a name and an absolute folder.");
        list.push_back({name, folder.get<std::string>()});
    }
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return list;
}

Status write(const std::vector<RegisteredModel>& list, const fs::path& file)
{
    Json models = Json::object();
    for (const RegisteredModel& model : list)
        models[model.name] = model.folder.string();
    return writeFileAtomically(file, dumpJson({{"format", kFormat}, {"version", kVersion}, {"models", models}}, 2) + "\n");
}

/// The list to change, and the lock that must be held until it is written.
struct Change {
    FileLock lock;
    std::vector<RegisteredModel> list;
};

Result<Change> beginChange(const fs::path& file, const ModelRegistry& registry)
{
    std::error_code ec;
    fs::create_directories(file.parent_path(), ec);
    if (ec)
        return errnoError(ec.value(), "create", file.parent_path().string());
    Result<FileLock> lock = FileLock::wait(file.string() + ".lock");
    if (!lock)
        return lock.error();
    Result<std::vector<RegisteredModel>> list = registry.list();
    if (!list)
        return list.error();
    return Change{std::move(*lock), std::move(*list)};
}

bool sameFolder(const fs::path& a, const fs::path& b)
{
    std::error_code ec;
    return a == b || fs::equivalent(a, b, ec);
}

} // namespace

ModelRegistry::ModelRegistry(fs::path file)
    : m_file(std::move(file))
{
}

fs::path ModelRegistry::registryFile() { return userDataFolder() / "models.json"; }

Result<std::vector<RegisteredModel>> ModelRegistry::list() const
{
    std::error_code ec;
    if (!fs::exists(m_file, ec) && !ec)
        return std::vector<RegisteredModel>();
    const Result<std::string> text = readFile(m_file, kMostBytes);
    if (!text)
        return text.error().code() == ErrorCode::invalidArgument ? unreadable(m_file, text.error().message()) : text.error();
    const Result<Json> json = parseJson(text.value(), m_file.string());
    if (!json)
        return unreadable(m_file, json.error().message());
    return modelsFrom(json.value(), m_file);
}

Result<fs::path> ModelRegistry::find(const std::string& name) const
{
    const Result<std::vector<RegisteredModel>> all = list();
    if (!all)
        return all.error();
    for (const RegisteredModel& model : all.value()) {
        if (model.name == name)
            return model.folder;
    }
    return Error(ErrorCode::notFound, "No model of the name " + name + " was added.");
}

Status ModelRegistry::add(const std::string& name, const fs::path& folder)
{
    PRECEDENT_TRY(checkModelName(name));
    fs::path absolute = fs::absolute(folder).lexically_normal();
    if (absolute.filename().empty())
        absolute = absolute.parent_path(); // a trailing slash
    Result<Change> change = beginChange(m_file, *this);
    if (!change)
        return change.error();
    std::error_code ec;
    std::erase_if(change->list, [&](const RegisteredModel& model) { return model.name == name && !fs::exists(model.folder, ec); });
    for (const RegisteredModel& model : change->list) {
        if (model.name == name)
            return Error(ErrorCode::alreadyExists, "There is a model " + name + " already: " + model.folder.string() + ".",
                "Give this one another name.");
        if (sameFolder(model.folder, absolute))
            return Error(
                ErrorCode::alreadyExists, absolute.string() + " is in the list already, as " + model.name + ".", "Use it under that name.");
    }
    change->list.push_back({name, absolute});
    return write(change->list, m_file);
}

Status ModelRegistry::remove(const std::string& name)
{
    Result<Change> change = beginChange(m_file, *this);
    if (!change)
        return change.error();
    if (std::erase_if(change->list, [&](const RegisteredModel& model) { return model.name == name; }) == 0)
        return Error(ErrorCode::notFound, "No model of the name " + name + " was added, so none was removed.");
    return write(change->list, m_file);
}

Status checkModelName(const std::string& name)
{
    const auto fault = [&](const std::string& what) {
        return Error(ErrorCode::invalidArgument, "\"" + name + "\" cannot name a model: " + what,
            "Use letters, digits, dots and dashes, at most " + std::to_string(kLongestName) + " bytes.");
    };
    if (name.empty() || name.size() > kLongestName)
        return fault("it has " + std::to_string(name.size()) + " bytes.");
    if (name == "starter" || name.rfind("run:", 0) == 0)
        return fault("that names another model.");
    if (name.front() == '.' || name.front() == '-' || name.front() == ' ' || name.back() == ' ')
        return fault("it begins or ends with a character that a name may not begin or end with.");
    for (const char c : name) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/' || c == '\\' || c == ':' || c == '@')
            return fault("it holds a slash, a colon, an @ or a control character.");
    }
    // dumpJson() puts U+FFFD in the place of what is no UTF-8.
    if (parseJson(dumpJson(Json(name)), "a name").value() != Json(name))
        return fault("it is not UTF-8.");
    return {};
}

std::string nameForFolder(const fs::path& folder, const std::vector<RegisteredModel>& taken)
{
    fs::path place = fs::absolute(folder).lexically_normal();
    if (place.filename().empty())
        place = place.parent_path();
    std::string stem =
        (place.extension() == ".gguf" ? place.stem() : place.filename()).string().substr(0, kLongestName - 5); // room for a number
    for (char& c : stem) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
        if (!plain)
            c = '-';
    }
    stem.erase(0, std::min(stem.find_first_not_of(".-"), stem.size()));
    if (!checkModelName(stem))
        stem = "model";
    const auto isTaken = [&](const std::string& name) {
        return std::any_of(taken.begin(), taken.end(), [&](const RegisteredModel& model) { return model.name == name; });
    };
    std::string name = stem;
    for (int n = 2; isTaken(name); ++n)
        name = stem + "-" + std::to_string(n);
    return name;
}

} // namespace precedent::workspace
