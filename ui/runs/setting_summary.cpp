#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

#include "precedent/align/run_spec_json.h"
#include "ui/runs/setting_table.h"
#include "ui/shell/counted.h"
#include "ui/shell/real_spin.h"

namespace precedent::ui {
namespace {

using core::GuardAction;
using core::Method;
using core::RunSpec;

class Words {
    Q_DECLARE_TR_FUNCTIONS(SettingSummary)
};

QString tr(const char* text) { return Words::tr(text); }

QString number(double value) { return numberText(value); }

QString sentence(const QStringList& parts) { return parts.join(QStringLiteral(", ")); }

QString modesOf(const std::map<std::string, double>& shares)
{
    QStringList names;
    for (const auto& [mode, share] : shares) {
        if (share > 0)
            names +=
                shares.size() > 1 ? QStringLiteral("%1 %2").arg(QString::fromStdString(mode), number(share)) : QString::fromStdString(mode);
    }
    return names.join(QStringLiteral(" and "));
}

QString basics(const RunSpec& s)
{
    return sentence({QString::fromStdString(s.model), modesOf(s.modeWeights),
        counted(s.casesPerPrompt, tr("1 case in the prompt"), tr("%1 cases in the prompt")),
        counted(s.maxSteps, tr("1 step"), tr("%1 steps")), tr("seed %1").arg(s.seed)});
}

QString rollouts(const RunSpec& s)
{
    if (!core::drawsCompletions(s))
        return tr("no answer is drawn in training; %1 tokens at most").arg(s.maxCompletionLength);
    QStringList parts{counted(s.promptsPerStep, tr("1 request a step"), tr("%1 requests a step")),
        tr("%1 answers each").arg(s.numGenerations), tr("temperature %1").arg(number(s.temperature))};
    if (s.method == Method::grpo)
        parts += s.beta > 0 ? tr("KL weight %1").arg(number(s.beta)) : tr("no pull to the reference");
    return sentence(parts);
}

QString rewards(const RunSpec& s)
{
    if (!core::drawsCompletions(s))
        return tr("of no effect: no answer is drawn that could earn any");
    const core::RewardWeights& w = s.rewardWeights;
    QStringList parts;
    for (const auto& [name, weight] :
        {std::pair{tr("disposition"), w.disposition}, std::pair{tr("harmlessness"), w.harmlessness}, std::pair{tr("helpful"), w.helpful},
            std::pair{tr("citation"), w.citation}, std::pair{tr("format"), w.format}, std::pair{tr("overlong"), w.overlong}}) {
        if (weight > 0)
            parts += name + QLatin1Char(' ') + number(weight);
    }
    return sentence(parts);
}

QString sampling(const RunSpec& s)
{
    if (!core::drawsCompletions(s))
        return tr("of no effect: no answer is drawn");
    QStringList parts;
    for (const auto& [label, share] : s.labelWeights)
        parts += QString::fromStdString(label) + QLatin1Char(' ') + number(share);
    if (parts.isEmpty())
        parts += tr("requests as they come");
    if (s.topP < 1)
        parts += tr("from the likeliest %1").arg(number(s.topP));
    if (s.topK > 0)
        parts += counted(s.topK, tr("from the likeliest token"), tr("from the likeliest %1 tokens"));
    return s.topP < 1 || s.topK > 0 ? sentence(parts) : sentence(parts) + tr("; from all tokens");
}

QString cases(const RunSpec& s)
{
    QStringList parts;
    switch (s.retrieval) {
    case Retrieval::bm25:
        parts += tr("found by shared words");
        break;
    case Retrieval::dense:
        parts += tr("found by meaning");
        break;
    case Retrieval::hybrid:
        parts += tr("found by words and meaning");
        break;
    case Retrieval::fixed:
        parts += counted(static_cast<qint64>(s.fixedCases.size()), tr("a fixed set of 1"), tr("a fixed set of %1"));
        break;
    }
    parts += s.pinnedCases.empty() ? tr("none pinned") : tr("%1 pinned").arg(s.pinnedCases.size());
    return sentence(parts);
}

QString warmStart(const RunSpec& s)
{
    QStringList parts{s.method == Method::grpo ? tr("reinforces") : s.method == Method::sft ? tr("imitates") : tr("prefers")};
    if (s.selfGenerationSteps > 0)
        parts += counted(s.selfGenerationSteps, tr("1 step of self-generation"), tr("%1 steps of self-generation"));
    if (s.sftSteps > 0)
        parts += counted(s.sftSteps, tr("1 supervised step"), tr("%1 supervised steps"));
    if (s.method == Method::sft)
        parts += tr("batches of %1").arg(s.batchSize);
    if (parts.size() == 1)
        parts += tr("from the first step on");
    return sentence(parts);
}

QString learning(const RunSpec& s)
{
    QStringList parts{tr("rate %1").arg(number(s.learningRate))};
    if (s.method == Method::grpo) {
        parts += counted(s.numIterations, tr("one pass over each group"), tr("%1 passes over each group"));
        parts += s.epsilon == s.epsilonHigh ? tr("clip %1").arg(number(s.epsilon))
                                            : tr("clip %1 and %2").arg(number(s.epsilon), number(s.epsilonHigh));
        if (s.dynamicSampling)
            parts += tr("groups with no spread skipped");
    } else if (s.method == Method::dpo) {
        parts += tr("held to the reference by %1").arg(number(s.dpoBeta));
    }
    if (s.control != core::Control::off)
        parts += s.control == core::Control::randomRewards ? tr("control: random rewards") : tr("control: shuffled dispositions");
    return sentence(parts);
}

QString adapter(const RunSpec& s)
{
    static const std::size_t all = RunSpec().loraTargets.size();
    QStringList parts;
    if (s.useLora)
        parts << tr("LoRA rank %1").arg(s.loraR) << tr("alpha %1").arg(number(s.loraAlpha))
              << (s.loraTargets.size() == all
                         ? tr("all projections")
                         : counted(static_cast<qint64>(s.loraTargets.size()), tr("1 projection"), tr("%1 projections")));
    else
        parts += tr("none: all weights are trained");
    if (s.gradientCheckpointing)
        parts += tr("activations computed again");
    return sentence(parts);
}

QString servers(const RunSpec& s)
{
    QStringList parts;
    if (s.rewardJudge.rfind("endpoint:", 0) == 0)
        parts += tr("one judges");
    if (!s.selfGenerationEndpoint.empty())
        parts += tr("one draws the chains to learn from");
    if (!s.rolloutEndpoint.empty())
        parts += tr("one draws the answers");
    return parts.isEmpty() ? tr("none: all is done on this machine") : sentence(parts);
}

QString stopping(const RunSpec& s)
{
    const core::GuardActions& g = s.guards;
    const std::pair<QString, GuardAction> all[] = {{tr("reward collapse"), g.rewardCollapse},
        {tr("KL over %1").arg(number(s.klBound)), g.klOverBound}, {tr("no spread"), g.noSpread}, {tr("length at the cap"), g.lengthAtCap},
        {tr("refusing everything"), g.allRefusal}, {tr("refusing nothing"), g.neverRefusal}};
    QStringList stops, warns;
    for (const auto& [name, action] : all) {
        if (!core::drawsCompletions(s)) // they watch what is drawn
            break;
        if (action == GuardAction::stop)
            stops += name;
        else if (action == GuardAction::warn)
            warns += name;
    }
    if (s.maxKl > 0)
        stops += tr("KL over %1").arg(number(s.maxKl));
    stops += tr("loss not a number");
    const QString warned = warns.size() == 6 ? tr("every guard warns")
        : warns.isEmpty()                    ? QString()
                                             : tr("warns of %1").arg(sentence(warns));
    QString text = tr("stops at %1").arg(sentence(stops));
    if (!warned.isEmpty())
        text += QStringLiteral("; ") + warned;
    return text + tr("; a checkpoint every %1").arg(counted(s.saveSteps, tr("step"), tr("%1 steps")));
}

QString evaluation(const RunSpec& s)
{
    if (!s.evaluateBeforeAfter)
        return tr("not measured before and after");
    return sentence({tr("sealed suites before and after"),
        s.evaluateLimit > 0 ? counted(s.evaluateLimit, tr("1 request of each"), tr("%1 requests of each")) : tr("all requests"),
        tr("temperature %1").arg(number(s.evaluateTemperature))});
}

} // namespace

QString summaryOf(const QString& group, const RunSpec& spec)
{
    const std::pair<const char*, QString (*)(const RunSpec&)> known[] = {{"basics", basics}, {"rollouts", rollouts}, {"rewards", rewards},
        {"sampling", sampling}, {"cases", cases}, {"warm", warmStart}, {"learning", learning}, {"adapter", adapter}, {"servers", servers},
        {"stopping", stopping}, {"evaluation", evaluation}};
    for (const auto& [id, summary] : known) {
        if (group == QLatin1String(id))
            return summary(spec);
    }
    return {};
}

} // namespace precedent::ui
