#include "ui/runs/user_presets.h"

#include <algorithm>

#include <QCoreApplication>
#include <QDir>
#include <QRegularExpression>
#include <QStandardPaths>

#include "precedent/align/run_spec_json.h"
#include "precedent/base/files.h"
#include "ui/runs/preset_words.h"

namespace precedent::ui {
namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20; ///< of a spec's file, as on the command line
constexpr int kLongestName = 60;

class Words {
    Q_DECLARE_TR_FUNCTIONS(UserPresets)
};

QString folder() { return QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + QStringLiteral("/presets"); }

QString fileOf(const QString& name) { return folder() + QLatin1Char('/') + name.trimmed() + QStringLiteral(".json"); }

} // namespace

Result<core::RunSpec> readSpecFile(const QString& path)
{
    const auto text = readFile(path.toStdString(), kMostBytes);
    if (!text)
        return text.error();
    const auto json = parseJson(text.value(), path.toStdString());
    if (!json)
        return json.error();
    auto spec = align::runSpecFromJson(json.value());
    return spec ? std::move(spec) : Result<core::RunSpec>(spec.error().in(path.toStdString()));
}

std::vector<UserPreset> UserPresets::all()
{
    std::vector<UserPreset> found;
    const QFileInfoList files = QDir(folder()).entryInfoList({QStringLiteral("*.json")}, QDir::Files, QDir::Name | QDir::IgnoreCase);
    for (const QFileInfo& file : files) {
        if (auto spec = readSpecFile(file.filePath()); spec)
            found.push_back({file.completeBaseName(), file.filePath(), std::move(*spec)});
    }
    return found;
}

QString UserPresets::checkName(const QString& name)
{
    const QString given = name.trimmed();
    if (given.isEmpty())
        return Words::tr("Give it a name.");
    if (given.size() > kLongestName)
        return Words::tr("The name has %1 letters; %2 at most.").arg(given.size()).arg(kLongestName);
    static const QRegularExpression unfit(QStringLiteral("[/\\\\:*?\"<>|\\x00-\\x1f]|^\\."));
    if (unfit.match(given).hasMatch())
        return Words::tr("A name is also a file's: without / \\ : * ? \" < > | and a dot in front.");
    for (const std::string& known : align::presetNames()) {
        const QString id = QString::fromStdString(known);
        if (given.compare(id, Qt::CaseInsensitive) == 0 || given.compare(presetTitle(id), Qt::CaseInsensitive) == 0)
            return Words::tr("%1 comes with the program. Take another name.").arg(presetTitle(id));
    }
    return {};
}

bool UserPresets::exists(const QString& name) { return QFileInfo::exists(fileOf(name)); }

Status UserPresets::save(const QString& name, const core::RunSpec& spec)
{
    if (const QString problem = checkName(name); !problem.isEmpty())
        return Error(ErrorCode::invalidArgument, problem.toStdString());
    if (!QDir().mkpath(folder()))
        return Error(ErrorCode::io, "The folder " + folder().toStdString() + " could not be made.");
    return writeFileAtomically(fileOf(name).toStdString(), dumpJson(align::toJson(spec), 2) + "\n");
}

Status UserPresets::remove(const QString& path)
{
    if (QFile::moveToTrash(path) || QFile::remove(path))
        return {};
    return Error(ErrorCode::io, "The preset " + path.toStdString() + " could not be deleted.");
}

} // namespace precedent::ui
