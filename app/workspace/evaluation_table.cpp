#include "precedent/workspace/evaluation_table.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <tuple>

#include "precedent/base/json.h"
#include "precedent/casebase/run_store.h"
#include "precedent/casebase/verdict_store.h"
#include "precedent/workspace/figures.h"
#include "precedent/workspace/model_attacks.h"
#include "precedent/workspace/run_service.h"

namespace precedent::workspace {
namespace {

using casebase::EvaluationRow;

constexpr std::size_t kRunPrefixLength = 4; // "run:"

std::string settingsOf(const Json& spec)
{
    char text[160];
    std::snprintf(text, sizeof text, "temperature %g, %lld tokens, %lld cases, seed %lld", spec.value("temperature", 0.0),
        static_cast<long long>(spec.value("max_tokens", 0)), static_cast<long long>(spec.value("cases_per_prompt", 0)),
        static_cast<long long>(spec.value("seed", 0)));
    std::string settings = text;
    if (const std::string retrieval = spec.value("retrieval", std::string("bm25")); retrieval != "bm25")
        settings += ", retrieval " + retrieval;
    if (const std::string model = spec.value("retrieval_model", std::string()); !model.empty())
        settings += " by " + model;
    for (const char* key : {"pinned_cases", "fixed_cases"}) {
        std::string ids;
        for (const std::string& id : spec.value(key, std::vector<std::string>()))
            ids += (ids.empty() ? "" : " ") + id;
        if (!ids.empty())
            settings += std::string(", ") + std::string(key).substr(0, std::string(key).find('_')) + " " + ids;
    }
    return settings;
}

/// Sets the preset, and as recipe the run's spec without its seed, and the step: what two training seeds of one recipe share.
void putRecipe(const casebase::Casebase& casebase, TableRow& row)
{
    if (row.checkpoint.empty())
        return;
    row.recipe = row.checkpoint; // where the run is gone
    const std::size_t at = std::min(row.checkpoint.rfind('@'), row.checkpoint.size());
    const Result<casebase::Run> run = casebase.runs().find(row.checkpoint.substr(kRunPrefixLength, at - kRunPrefixLength));
    if (!run)
        return;
    Result<Json> spec = parseJson(run.value().specJson, "run");
    if (!spec)
        return;
    row.preset = spec->value("preset", std::string());
    spec->erase("seed");
    row.recipe = dumpJson(*spec) + row.checkpoint.substr(at);
}

/// The row without its texts.
EvaluationRow scoresAlone(const EvaluationRow& row)
{
    EvaluationRow kept;
    kept.axis = row.axis;
    kept.promptId = row.promptId;
    kept.scores = row.scores;
    return kept;
}

/// Of one cell's rows, in whichever suites and under whichever attacks.
std::vector<TableMeasure> measuresOf(const std::vector<EvaluationRow>& rows, const std::map<std::string, std::string>& clusters)
{
    std::vector<TableMeasure> measures;
    for (Figure& figure : figuresOf(rows, clusters)) {
        for (const char* metric : {"attack_success", "harm_score", "perplexity"}) {
            if (figure.metric == metric)
                measures.push_back({figure.metric, std::move(figure.judge), figure.estimate});
        }
    }
    return measures;
}

class Reader {
public:
    Reader(const casebase::Casebase& casebase, bool ofStarter)
        : m_casebase(casebase)
        , m_ofStarter(ofStarter)
    {
    }

    Result<EvaluationTable> run()
    {
        const Result<std::vector<casebase::Evaluation>> all = m_casebase.evaluations().all(); // newest first
        if (!all)
            return all.error();
        PRECEDENT_TRY(findJudged());
        for (const casebase::Evaluation& evaluation : all.value())
            PRECEDENT_TRY(take(evaluation));
        PRECEDENT_TRY(putFigures());
        std::sort(m_table.rows.begin(), m_table.rows.end(), [](const TableRow& a, const TableRow& b) {
            return std::tie(a.model, a.checkpoint, a.adapter, a.mode, a.attack) <
                std::tie(b.model, b.checkpoint, b.adapter, b.mode, b.attack);
        });
        countSeeds();
        return std::move(m_table);
    }

private:
    /// Most evaluations have no answer that a person judged: their verdicts are not read for.
    Status findJudged()
    {
        const Result<std::vector<casebase::HumanVerdict>> verdicts = m_casebase.verdicts().all(/*countableOnly=*/true);
        if (!verdicts)
            return verdicts.error();
        for (const casebase::HumanVerdict& verdict : verdicts.value())
            m_judged.insert(verdict.targetId.substr(0, verdict.targetId.rfind('/')));
        return {};
    }

    Status take(const casebase::Evaluation& evaluation)
    {
        Result<Json> spec = parseJson(evaluation.specJson, "evaluation " + evaluation.id);
        if (!spec)
            return spec.error();
        const bool starter = spec->value("starter", spec->value("model", std::string()) == "starter");
        const std::string checkpoint = spec->value("checkpoint", std::string());
        // A checkpoint's adapter may have moved since; its name stays.
        const std::string adapter = checkpoint.empty() ? spec->value("adapter", std::string()) : std::string();
        const std::string weights = spec->value("model", std::string()) + '\n' + adapter + '\n' + checkpoint;
        std::set<std::pair<Mode, std::string>> wanted; // mode and attack
        std::vector<std::string> attacks{""};
        const Json own = spec->value("own_attacks", Json::object());
        for (const auto& [attack, texts] : own.items())
            attacks.push_back(attack);
        for (const std::string& name : spec->value("modes", std::vector<std::string>())) {
            const std::optional<Mode> mode = modeFromString(name);
            for (const std::string& attack : attacks) {
                if (mode && m_seen.emplace(weights, *mode, attack).second)
                    wanted.emplace(*mode, attack);
            }
        }
        (starter ? m_table.starterRows : m_table.otherRows) += static_cast<int>(wanted.size());
        if (wanted.empty() || starter != m_ofStarter)
            return {};
        Result<std::map<Mode, JudgeCheck>> checks = std::map<Mode, JudgeCheck>();
        if (m_judged.count(evaluation.id) > 0)
            checks = checksOf(m_casebase, evaluation.id);
        if (!checks)
            return checks.error();
        std::map<std::pair<Mode, std::string>, std::size_t> places;
        for (const auto& [mode, attack] : wanted) {
            places.emplace(std::pair(mode, attack), m_table.rows.size());
            m_table.rows.push_back(rowFor(evaluation, *spec, mode, weights));
            m_table.rows.back().attack = attack;
            m_table.rows.back().check = (*checks)[mode];
        }
        return m_casebase.evaluations().forEachRow(evaluation.id, [&](const EvaluationRow& row) -> Status {
            const auto place = places.find({row.mode, ownAttackOf(row.attack)});
            if (place != places.end())
                add(place->second, row);
            return {};
        });
    }

    TableRow rowFor(const casebase::Evaluation& evaluation, const Json& spec, Mode mode, const std::string& weights) const
    {
        TableRow row;
        row.evaluation = evaluation.id;
        row.createdMs = evaluation.createdMs;
        row.model = spec.value("model", std::string());
        row.adapter = spec.value("adapter", std::string());
        row.checkpoint = spec.value("checkpoint", std::string());
        row.mode = mode;
        row.judge = spec.value("judge", std::string());
        row.judgeHash = spec.value("judge_hash", std::string());
        row.ofStarter = m_ofStarter;
        row.weights = weights;
        putRecipe(m_casebase, row);
        row.settings = settingsOf(spec);
        Json ofMode = Json::object({{"budget", Json::array()}});
        for (const Json& line : spec.value("budget", Json::array())) {
            if (line.value("mode", std::string()) == toString(mode))
                ofMode["budget"].push_back(line);
        }
        row.budget = budgetSentences(ofMode);
        return row;
    }

    void add(std::size_t place, const EvaluationRow& row)
    {
        TableRow& of = m_table.rows[place];
        of.selfJudged = of.selfJudged || row.selfJudged;
        const std::string key = pairingKey(row);
        for (std::size_t c = 0; c < kTableColumns; ++c) {
            const auto column = static_cast<TableColumn>(c);
            if (column != TableColumn::noAnswer && row.axis != axisOf(column))
                continue;
            const std::optional<double> value = outcome(row, metricOf(column));
            if (!value)
                continue;
            TableCell& cell = of.cells[c];
            cell.outcomes[key] = {*value, row.promptId};
            cell.burned += row.burned ? 1 : 0;
            cell.safeCompleted += row.verdict == Verdict::safeComplete ? 1 : 0;
            if (column != TableColumn::noAnswer && !row.scores.empty())
                m_measured[{place, c}].push_back(scoresAlone(row));
        }
        const std::string prompt = row.suite + '\n' + row.promptId;
        if (m_asked.insert(prompt + '\n' + row.attack).second)
            note(row);
        if (m_prompts.emplace(prompt, row.burned).second) {
            m_ids.push_back({});
            m_ids.back().promptId = row.promptId;
        }
    }

    void note(const EvaluationRow& row)
    {
        std::vector<AskedAxis>& asked = m_table.asked;
        const std::string own = ownAttackOf(row.attack);
        auto found = std::find_if(
            asked.begin(), asked.end(), [&](const AskedAxis& a) { return a.suite == row.suite && a.axis == row.axis && a.attack == own; });
        if (found == asked.end())
            found = asked.insert(asked.end(), {row.suite, row.axis, 0, 0, {}, own});
        ++found->n;
        found->burned += row.burned ? 1 : 0;
        if (!row.attack.empty() && own.empty() &&
            std::find(found->wrappers.begin(), found->wrappers.end(), row.attack) == found->wrappers.end())
            found->wrappers.push_back(row.attack);
    }

    /// Once the rows are all there, and with them the goals that their prompts share.
    Status putFigures()
    {
        const auto clusters = clustersOfRows(m_casebase, m_ids);
        if (!clusters)
            return clusters.error();
        m_table.heldOut = m_prompts.size();
        for (const auto& [prompt, burned] : m_prompts)
            m_table.burned += burned ? 1 : 0;
        for (const auto& [at, rows] : m_measured)
            m_table.rows[at.first].cells[at.second].measures = measuresOf(rows, clusters.value());
        for (TableRow& row : m_table.rows) {
            for (TableCell& cell : row.cells) {
                std::vector<Observation> observations;
                observations.reserve(cell.outcomes.size());
                for (auto& [key, observation] : cell.outcomes) {
                    const auto cluster = clusters.value().find(observation.cluster);
                    observation.cluster = cluster == clusters.value().end() ? "p:" + observation.cluster : cluster->second;
                    observations.push_back(observation);
                }
                cell.estimate = meanWithInterval(observations);
            }
        }
        return {};
    }

    void countSeeds()
    {
        for (TableRow& row : m_table.rows) {
            if (row.recipe.empty())
                continue;
            std::set<std::string> checkpoints;
            for (const TableRow& other : m_table.rows) {
                if (other.recipe == row.recipe && other.mode == row.mode && other.attack == row.attack)
                    checkpoints.insert(other.checkpoint);
            }
            row.seeds = static_cast<int>(checkpoints.size());
        }
    }

    const casebase::Casebase& m_casebase;
    const bool m_ofStarter;
    EvaluationTable m_table;
    std::set<std::tuple<std::string, Mode, std::string>> m_seen; ///< weights, mode and attack
    std::set<std::string> m_judged; ///< evaluations of which something was judged blind
    std::map<std::pair<std::size_t, std::size_t>, std::vector<EvaluationRow>> m_measured; ///< row and column of the table -> their scores
    std::set<std::string> m_asked; ///< "suite\nprompt\nattack"
    std::map<std::string, bool> m_prompts; ///< "suite\nprompt" -> burned
    std::vector<EvaluationRow> m_ids; ///< one a prompt, for the goals
};

constexpr double kSignificant = 0.05;
constexpr int kSeedsForAStar = 3;

struct Pair {
    std::vector<Observation> reference;
    std::vector<Observation> here;
};

Pair paired(const CellOutcomes& reference, const CellOutcomes& here)
{
    Pair pair;
    for (const auto& [key, observation] : here) {
        const auto match = reference.find(key);
        if (match == reference.end())
            continue;
        pair.reference.push_back(match->second);
        pair.here.push_back(observation);
    }
    return pair;
}

std::string whyNoStar(const TableRow& row, const TableRow& reference)
{
    if (row.judgeHash != reference.judgeHash)
        return "Another judge than the reference row's.";
    if (row.weights == reference.weights)
        return {};
    for (const TableRow* side : {&row, &reference}) {
        if (!side->recipe.empty() && side->seeds < kSeedsForAStar)
            return side->seeds == 1 ? "One training seed earns no star." : std::to_string(side->seeds) + " training seeds earn no star.";
    }
    return {};
}

/// The largest p of the recipe's seeds against the reference; 1 where they do not all point the same way.
double probabilityOf(const EvaluationTable& table, const TableRow& row, const TableRow& reference, std::size_t column)
{
    double most = 0;
    int direction = 0;
    for (const TableRow& seed : table.rows) {
        const bool counts = &seed == &row ||
            (!row.recipe.empty() && row.weights != reference.weights && seed.recipe == row.recipe && seed.mode == row.mode &&
                seed.attack == row.attack);
        if (!counts)
            continue;
        const Pair pair = paired(reference.cells[column].outcomes, seed.cells[column].outcomes);
        const McNemar test = mcNemarByCluster(pair.reference, pair.here);
        const int sign = test.gained > test.lost ? 1 : test.gained < test.lost ? -1 : 0;
        if (sign == 0 || (direction != 0 && sign != direction))
            return 1;
        direction = sign;
        most = std::max(most, test.p);
    }
    return most;
}

} // namespace

const char* axisOf(TableColumn column)
{
    switch (column) {
    case TableColumn::harmfulAnswered:
        return "harmful";
    case TableColumn::harmfulUnderAttack:
        return "attacked";
    case TableColumn::benignRefused:
        return "benign";
    case TableColumn::benignRefusedWrapped:
        return "benign_wrapped";
    case TableColumn::utility:
        return "utility";
    case TableColumn::noAnswer:
        break;
    }
    return "";
}

const char* metricOf(TableColumn column)
{
    switch (column) {
    case TableColumn::harmfulAnswered:
    case TableColumn::harmfulUnderAttack:
        return "harmful_answered";
    case TableColumn::benignRefused:
    case TableColumn::benignRefusedWrapped:
        return "over_refusal";
    case TableColumn::utility:
        return "accuracy";
    case TableColumn::noAnswer:
        break;
    }
    return "no_answer";
}

bool EvaluationTable::isChecked() const
{
    return std::all_of(rows.begin(), rows.end(), [](const TableRow& row) { return row.check.isChecked(); });
}

bool EvaluationTable::isAligned() const
{
    const auto keys = [](const TableRow& row) {
        std::vector<std::string> all;
        for (const auto& [key, observation] : row.cell(TableColumn::noAnswer).outcomes)
            all.push_back(key);
        return all;
    };
    return std::all_of(rows.begin(), rows.end(), [&](const TableRow& row) {
        const auto first = std::find_if(rows.begin(), rows.end(), [&](const TableRow& other) { return other.attack == row.attack; });
        return &*first == &row || keys(row) == keys(*first);
    });
}

Result<EvaluationTable> readEvaluationTable(const casebase::Casebase& casebase, bool ofStarter)
{
    return Reader(casebase, ofStarter).run();
}

void compareWith(EvaluationTable& table, std::size_t referenceAt)
{
    std::vector<CellTest*> shown;
    std::vector<double> p;
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        TableRow& row = table.rows[r];
        const TableRow& reference = table.rows[referenceAt];
        row.noStar = r == referenceAt ? std::string() : whyNoStar(row, reference);
        for (std::size_t c = 0; c < kTableColumns; ++c) {
            TableCell& cell = row.cells[c];
            cell.test.reset();
            const Pair pair = r == referenceAt ? Pair{} : paired(reference.cells[c].outcomes, cell.outcomes);
            if (pair.here.empty())
                continue;
            cell.test = CellTest{pairedDifference(pair.reference, pair.here), mcNemar(pair.reference, pair.here), {}, false, false};
            if (!row.noStar.empty())
                continue;
            shown.push_back(&*cell.test);
            p.push_back(probabilityOf(table, row, reference, c));
        }
    }
    const std::vector<double> adjusted = holm(p);
    for (std::size_t i = 0; i < shown.size(); ++i) {
        shown[i]->p = adjusted[i];
        shown[i]->star = adjusted[i] < kSignificant;
    }
    for (TableRow& row : table.rows) {
        for (std::size_t c = 0; c < kTableColumns; ++c) {
            if (!row.cells[c].test)
                continue;
            CellTest& test = *row.cells[c].test;
            const bool rises = test.difference.value > 0;
            test.worse = test.star && rises == lowerIsBetter(metricOf(static_cast<TableColumn>(c)));
        }
    }
}

std::size_t defaultReference(const EvaluationTable& table)
{
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        if (table.rows[r].recipe.empty() && table.rows[r].mode == Mode::none && table.rows[r].attack.empty())
            return r;
    }
    return 0;
}

Changes changesOf(const TableRow& row)
{
    Changes changes;
    for (const TableColumn column : {TableColumn::benignRefused, TableColumn::benignRefusedWrapped}) {
        if (const auto& test = row.cell(column).test) {
            changes.benignNowRefused += test->prompts.gained;
            changes.benignNoLongerRefused += test->prompts.lost;
        }
    }
    for (const TableColumn column : {TableColumn::harmfulAnswered, TableColumn::harmfulUnderAttack}) {
        if (const auto& test = row.cell(column).test) {
            changes.harmfulNowAnswered += test->prompts.gained;
            changes.harmfulNoLongerAnswered += test->prompts.lost;
        }
    }
    return changes;
}

WithinMargin withinMargin(const Estimate& difference, double margin)
{
    if (difference.low >= -margin && difference.high <= margin)
        return WithinMargin::yes;
    return difference.low > margin || difference.high < -margin ? WithinMargin::no : WithinMargin::unsettled;
}

} // namespace precedent::workspace
