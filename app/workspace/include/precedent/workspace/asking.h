#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "precedent/align/prompt_encoder.h"
#include "precedent/base/result.h"
#include "precedent/casebase/casebase.h"
#include "precedent/casebase/types.h"
#include "precedent/core/engine.h"
#include "precedent/workspace/case_choice.h"
#include "precedent/workspace/text_vectors.h"

/// Requests put to a model as in Inspect: a context made of the casebase, an answer streamed, parsed and judged.
namespace precedent::workspace {

struct AskRequest {
    std::vector<Message> messages; ///< a system turn, if there is one, and the user's
    Mode mode = Mode::none;
    CaseChoice cases; ///< of mode cases
    core::Sampling sampling;
    /// What the model's turn begins with, as if it had written it: the first words of its chain and, behind the chain that they then close,
    /// those of its answer. Empty: it begins by itself.
    std::string beginChain;
    std::string beginAnswer;
    std::set<std::string> without; ///< codes and cases left out of the context; nothing takes their place
    /// A case's request is shown as training shows it: without the case itself and its near-duplicates, its declared twin
    /// allowed. Null where a person asks: then the nearest precedent is the point. Borrowed.
    const casebase::Case* of = nullptr;
};

/// A request with its context, ready for one model.
struct AskPrompt {
    AskRequest request;
    std::string rendered; ///< exactly what the model sees
    std::vector<int> ids;
    std::string begun; ///< of the model's turn, the end of `rendered`: what was written for it
    struct Shown {
        std::string id; ///< of a code or case: aliases are resolved
        bool isCase = false;
        std::string title; ///< the code's, or the start of the case's request
        Disposition disposition = Disposition::unknown; ///< a case's
        std::string source; ///< where a case came from
    };
    std::vector<Shown> shown; ///< in the order of the context
    std::size_t casesDropped = 0; ///< gave way to the model's context
    std::map<std::string, std::string> aliases; ///< "C1" -> the case's id
};

struct AskAnswer {
    std::string text; ///< the model's whole turn, what was begun for it included
    std::string chain; ///< aliases resolved, so that it cites the casebase's ids
    std::string writtenChain; ///< as the model wrote it, with its aliases
    std::string answer;
    std::string parseProblem;
    Verdict verdict = Verdict::noAnswer;
    std::vector<std::string> reasons;
    std::string judge; ///< who gave the verdict
    struct Citation {
        std::string id; ///< an alias of the context resolved to the case's id
        bool inContext = false;
        bool exists = false;
    };
    std::vector<Citation> citations;
    std::size_t tokens = 0;
    std::size_t chainTokens = 0;
    bool stopped = false; ///< by the user: what there was until then
};

/// A loaded model with what goes with its folder.
struct AskedModel {
    align::PromptEncoder encoder;
    core::ContextTemplates templates;
    std::shared_ptr<core::Model> model;
};
/// Fails as PromptEncoder::load(), loadTemplates() and Engine::load() do.
[[nodiscard]] Result<AskedModel> loadAsked(core::Engine& engine, const core::LoadOptions& what);

/// Makes prompts over one casebase. Reads codes and approved cases when a mode first needs them and keeps them until
/// forget(), so that asking again does not read them again; the casebase may be closed meanwhile. Thread: one at a time.
class Asker {
public:
    Asker();
    ~Asker();

    /// What finds cases by meaning from now on, null for nothing; without it, requests that ask for that fail.
    void setVectors(std::shared_ptr<TextVectors> vectors);

    /// `casebase` may be null for mode none. Fails with invalidArgument: no user turn, no casebase for this mode, or codes,
    /// request and named cases alone over the budget; for named cases as CaseRetriever::checkNamed(); with cancelled, where `stop` asks for
    /// it while the cases' vectors are made.
    [[nodiscard]] Result<AskPrompt> prepare(const AskRequest& request, const casebase::Casebase* casebase,
        const align::PromptEncoder& encoder, const core::ContextTemplates& templates, int contextLength, const std::stop_token& stop = {});
    /// The casebase changed: what was read is read again.
    void forget();

private:
    struct Precedents;
    [[nodiscard]] Status readCodes(const casebase::Casebase& casebase);
    [[nodiscard]] Status readCases(const casebase::Casebase& casebase, const CaseChoice& choice, const std::stop_token& stop);

    std::unique_ptr<Precedents> m_precedents;
    std::shared_ptr<TextVectors> m_vectors;
};

/// What a model would be given for the request of a case, as in training.
struct PromptPreview {
    std::string text; ///< the rendered prompt
    std::size_t tokens = 0;
    std::vector<AskPrompt::Shown> cases; ///< in the order shown
    std::size_t casesDropped = 0; ///< gave way to the model's context
};
/// Renders it for the model of `modelFolder`, whose tokenizer, template and context length it reads; needs no LibTorch.
/// Fails as Asker::prepare() does, or as these files' readers do.
[[nodiscard]] Result<PromptPreview> previewPrompt(const casebase::Casebase& casebase, const casebase::Case& value, Mode mode,
    int casesPerPrompt, const std::filesystem::path& modelFolder);

/// Called on the answering thread; `prompt` counts those given to answerAll().
class AskObserver {
public:
    virtual ~AskObserver() = default;
    virtual void wrote(std::size_t prompt, const std::string& piece) = 0; ///< whole characters, special tokens included
    virtual void ended(std::size_t prompt, const AskAnswer& answer) = 0;
};

/// Answers prompts together, so that they stream side by side and share what their prompts share; the first prompt's
/// sampling holds for all but for the seed. Stopped, it returns what there is, marked. `casebase`, which may be null,
/// is asked whether what an answer cites exists. Blocks. Fails as Model::generate() does.
[[nodiscard]] Result<std::vector<AskAnswer>> answerAll(const std::vector<AskPrompt>& prompts, const AskedModel& model,
    const casebase::Casebase* casebase, AskObserver* observer, std::stop_token stop);

/// `text` with the aliases of its citations ([C2], [S3, C1]) replaced by the ids they stand for.
[[nodiscard]] std::string withIds(const std::string& text, const std::map<std::string, std::string>& aliases);

/// What a verdict on an answer is filed under: SHA-256 of request and answer.
[[nodiscard]] std::string answerId(const std::vector<Message>& request, const std::string& answer);

} // namespace precedent::workspace
