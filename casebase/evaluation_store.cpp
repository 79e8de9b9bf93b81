#include "precedent/casebase/evaluation_store.h"

#include <algorithm>

#include "casebase/rows.h"
#include "precedent/base/json.h"

namespace precedent::casebase {
namespace {

constexpr const char* kColumns = "n, id, name, run_id, spec, created_ms";

std::int64_t evaluationRow(Connection& connection, const std::string& id)
{
    const std::int64_t n = rowOf(connection, "evaluations", id);
    if (n == 0)
        fail(ErrorCode::notFound, "There is no evaluation " + id + " in " + connection.path().string() + ".");
    return n;
}

Evaluation evaluationFrom(const Query& q) { return {q.text(1), q.text(2), q.text(3), q.text(4), q.integer(5)}; }

std::string scoresText(const std::vector<RowScore>& scores)
{
    if (scores.empty())
        return {};
    Json list = Json::array();
    for (const RowScore& s : scores)
        list.push_back({{"measure", s.measure}, {"value", s.value}, {"by", s.by}, {"by_hash", s.byHash}, {"self_judged", s.selfJudged}});
    return dumpJson(list);
}

std::vector<RowScore> scoresFrom(std::string_view text)
{
    std::vector<RowScore> scores;
    if (text.empty())
        return scores;
    const Result<Json> list = parseJson(text, "the scores of an answer");
    if (!list)
        fail(list.error().code(), list.error().message(), list.error().hint());
    try {
        for (const Json& s : *list)
            scores.push_back({s.at("measure").get<std::string>(), s.at("value").get<double>(), s.at("by").get<std::string>(),
                s.at("by_hash").get<std::string>(), s.at("self_judged").get<bool>()});
    } catch (const Json::exception&) {
        fail(ErrorCode::corrupt, "The scores of an answer are not a list of measures with their values.");
    }
    return scores;
}

EvaluationRow rowFrom(const Query& q)
{
    EvaluationRow row;
    row.model = q.text(0);
    row.adapter = q.text(1);
    row.checkpoint = q.text(2);
    row.mode = modeFromString(q.view(3)).value_or(Mode::none);
    row.suite = q.text(4);
    row.axis = q.text(5);
    row.attack = q.text(6);
    row.promptId = q.text(7);
    row.sample = q.number(8);
    row.completion = q.text(9);
    row.chain = q.text(10);
    row.answer = q.text(11);
    row.verdict = verdictFromString(q.view(12)).value_or(Verdict::noAnswer);
    row.expected = dispositionFromString(q.view(13)).value_or(Disposition::unknown);
    row.correct = q.flag(14);
    row.judge = q.text(15);
    row.judgeHash = q.text(16);
    row.selfJudged = q.flag(17);
    row.burned = q.flag(18);
    row.scores = scoresFrom(q.view(19));
    row.suffix = q.text(20);
    return row;
}

std::vector<Evaluation> list(Query& q)
{
    std::vector<Evaluation> evaluations;
    while (q.next())
        evaluations.push_back(evaluationFrom(q));
    return evaluations;
}

} // namespace

const RowScore* EvaluationRow::score(std::string_view measure) const
{
    const auto found = std::find_if(scores.begin(), scores.end(), [&](const RowScore& s) { return s.measure == measure; });
    return found == scores.end() ? nullptr : &*found;
}

std::string pairingKey(const EvaluationRow& row)
{
    return row.suite + '\n' + row.promptId + '\n' + row.attack + '\n' + std::to_string(row.sample);
}

Result<std::string> EvaluationStore::add(const Evaluation& evaluation)
{
    return m_connection.write("add an evaluation", [&]() -> Result<std::string> {
        std::string id = evaluation.id;
        for (std::int64_t i = m_connection.integer("SELECT coalesce(max(n), 0) FROM evaluations") + 1; id.empty(); ++i) {
            const std::string next = "eval-" + std::to_string(i);
            if (rowOf(m_connection, "evaluations", next) == 0)
                id = next;
        }
        if (rowOf(m_connection, "evaluations", id) != 0)
            fail(ErrorCode::alreadyExists, "There is an evaluation " + id + " already.", "Choose another id.");
        const std::int64_t created = evaluation.createdMs != 0 ? evaluation.createdMs : m_connection.now();
        m_connection.query("INSERT INTO evaluations(id, name, run_id, spec, created_ms) VALUES(?, ?, ?, ?, ?)")
            .bind(id, evaluation.name, evaluation.runId, evaluation.specJson, created)
            .run();
        return id;
    });
}

Status EvaluationStore::addRows(const std::string& evaluation, const std::vector<EvaluationRow>& rows)
{
    return m_connection.write("store rows of the evaluation " + evaluation, [&]() -> Status {
        const std::int64_t n = evaluationRow(m_connection, evaluation);
        Query q = m_connection.query("INSERT INTO evaluation_rows(evaluation_n, model, adapter, checkpoint, mode, suite, axis, attack, "
                                     "prompt_id, sample, completion, "
                                     "chain, answer, verdict, expected, correct, judge, judge_hash, self_judged, burned, scores, suffix) "
                                     "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        for (const EvaluationRow& row : rows) {
            const std::string scores = scoresText(row.scores); // bound without a copy
            q.bind(n, row.model, row.adapter, row.checkpoint, toString(row.mode), row.suite, row.axis, row.attack, row.promptId, row.sample,
                row.completion, row.chain, row.answer, toString(row.verdict), toString(row.expected), row.correct, row.judge, row.judgeHash,
                row.selfJudged, row.burned, scores, row.suffix);
            q.run();
        }
        return {};
    });
}

Result<Evaluation> EvaluationStore::find(const std::string& id) const
{
    return m_connection.guarded("read the evaluation " + id, [&]() -> Result<Evaluation> {
        (void)evaluationRow(m_connection, id);
        Query q = m_connection.query(std::string("SELECT ") + kColumns + " FROM evaluations WHERE id = ?");
        q.bind(id);
        q.next();
        return evaluationFrom(q);
    });
}

Result<std::vector<Evaluation>> EvaluationStore::all() const
{
    return m_connection.guarded("read the evaluations", [&]() -> Result<std::vector<Evaluation>> {
        Query q = m_connection.query(std::string("SELECT ") + kColumns + " FROM evaluations ORDER BY n DESC");
        return list(q);
    });
}

Result<std::vector<Evaluation>> EvaluationStore::ofRun(const std::string& run) const
{
    return m_connection.guarded("read the evaluations of run " + run, [&]() -> Result<std::vector<Evaluation>> {
        Query q = m_connection.query(std::string("SELECT ") + kColumns + " FROM evaluations WHERE run_id = ? ORDER BY n");
        q.bind(run);
        return list(q);
    });
}

Result<std::vector<EvaluationRow>> EvaluationStore::rows(const std::string& evaluation) const
{
    std::vector<EvaluationRow> rows;
    PRECEDENT_TRY(forEachRow(evaluation, [&](const EvaluationRow& row) -> Status {
        rows.push_back(row);
        return {};
    }));
    return rows;
}

Status EvaluationStore::forEachRow(const std::string& evaluation, const std::function<Status(const EvaluationRow&)>& visit) const
{
    return m_connection.guarded("read rows of the evaluation " + evaluation, [&]() -> Status {
        Query q = m_connection.query(
            "SELECT model, adapter, checkpoint, mode, suite, axis, attack, prompt_id, sample, completion, chain, "
            "answer, verdict, expected, "
            "correct, judge, judge_hash, self_judged, burned, scores, suffix FROM evaluation_rows WHERE evaluation_n = ? ORDER BY n");
        q.bind(evaluationRow(m_connection, evaluation));
        while (q.next())
            PRECEDENT_TRY(visit(rowFrom(q)));
        return {};
    });
}

Status EvaluationStore::remove(const std::string& evaluation)
{
    return m_connection.write("remove the evaluation " + evaluation, [&]() -> Status {
        m_connection.query("DELETE FROM evaluations WHERE n = ?").bind(evaluationRow(m_connection, evaluation)).run();
        return {};
    });
}

} // namespace precedent::casebase
