#include <QCoreApplication>

#include "ui/runs/setting_table.h"

namespace precedent::ui {
namespace {

using core::RunSpec;
using Kind = Setting::Kind;

class Words {
    Q_DECLARE_TR_FUNCTIONS(SettingTable)
};

QString tr(const char* text) { return Words::tr(text); }

bool judges(const RunSpec& s) { return s.rewardJudge.rfind("endpoint:", 0) == 0; }
bool drawsExamples(const RunSpec& s) { return !s.selfGenerationEndpoint.empty(); }
bool drawsAnswers(const RunSpec& s) { return !s.rolloutEndpoint.empty(); }
bool selfGenerates(const RunSpec& s) { return s.selfGenerationSteps > 0 || drawsExamples(s); }

/// How one server is asked.
void addLimits(std::vector<Setting>& settings, const char* key, bool (*matters)(const RunSpec& spec))
{
    const auto limit = [&](const char* part, const QString& title, const QString& note, double least, double most, const QString& none) {
        settings.push_back({.key = QLatin1String(key) + QLatin1Char('.') + QLatin1String(part),
            .title = title,
            .note = note,
            .least = least,
            .most = most,
            .none = none,
            .matters = matters});
    };
    limit("requests_per_minute", tr("Requests a minute"), tr("At most, evenly spaced."), 0, 1e6, tr("any number"));
    settings.back().kind = Kind::real;
    limit("concurrent", tr("Requests at once"), {}, 1, 256, {});
    limit("timeout", tr("Patience"), tr("Seconds of one attempt."), 1, 86400, {});
    limit("retries", tr("Further attempts"), tr("After one that failed, each later than the last."), 0, 100, {});
    settings.push_back({.key = QLatin1String(key) + QStringLiteral(".key_variable"),
        .title = tr("Variable of the key"),
        .note = tr("The name of an environment variable; the key itself is stored nowhere."),
        .kind = Kind::text,
        .none = QStringLiteral("PRECEDENT_API_KEY"),
        .matters = matters});
}

} // namespace

SettingGroup serverSettings()
{
    SettingGroup group{"servers", tr("Servers"), false, {}};
    addLimits(group.settings, "reward_server", judges);
    group.settings.push_back({.key = "self_generation_endpoint",
        .title = tr("Draws the chains"),
        .note = tr("MODEL@URL of a server, for the steps of self-generation. It is sent requests, codes and cases."),
        .kind = Kind::text,
        .none = tr("the run's own model"),
        .matters = selfGenerates});
    addLimits(group.settings, "self_generation_server", drawsExamples);
    group.settings.push_back({.key = "rollout_endpoint",
        .title = tr("Draws the answers"),
        .note = tr("MODEL@URL of a server that gives token ids back and takes adapters, as vLLM does."),
        .kind = Kind::text,
        .none = tr("this machine")});
    group.settings.push_back({.key = "rollout_publish_steps",
        .title = tr("Gets the weights every"),
        .note = tr("Steps."),
        .least = 1,
        .most = 1e6,
        .matters = drawsAnswers});
    group.settings.push_back({.key = "rollout_max_staleness",
        .title = tr("Oldest weights"),
        .note = tr("Answers of weights that are more steps old are refused."),
        .most = 1e6,
        .matters = drawsAnswers});
    addLimits(group.settings, "rollout_server", drawsAnswers);
    return group;
}

} // namespace precedent::ui
