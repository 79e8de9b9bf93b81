#include "ui/casebase/case_editor.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSet>
#include <QTimer>
#include <QVBoxLayout>

#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/casebase/text_field.h"
#include "ui/shell/card.h"
#include "ui/shell/citation_highlighter.h"
#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kTypingPauseMs = 200;
constexpr int kGap = 12;

QString text(const std::string& value) { return QString::fromStdString(value); }

/// The casebase's answer to "which of these ids are there?".
QSet<QString> unknownOf(casebase::Casebase& casebase, const QStringList& ids)
{
    QSet<QString> unknown;
    for (const QString& id : ids) {
        if (!casebase.codes().find(id.toStdString()).ok() && !casebase.cases().find(id.toStdString()).ok())
            unknown.insert(id);
    }
    return unknown;
}

void setLastUserText(std::vector<Message>& request, const std::string& words)
{
    for (auto message = request.rbegin(); message != request.rend(); ++message) {
        if (message->role == "user") {
            message->content = words;
            return;
        }
    }
    request.push_back({"user", words});
}

std::string systemText(const std::vector<Message>& request)
{
    return !request.empty() && request.front().role == "system" ? request.front().content : std::string();
}

void setSystemText(std::vector<Message>& request, const std::string& words)
{
    const bool there = !request.empty() && request.front().role == "system";
    if (words.empty() && there)
        request.erase(request.begin());
    else if (there)
        request.front().content = words;
    else if (!words.empty())
        request.insert(request.begin(), {"system", words});
}

/// The turns between the system's and the last of the user, one a line.
QString earlierTurns(const std::vector<Message>& request)
{
    std::size_t last = request.size();
    while (last > 0 && request[last - 1].role != "user")
        --last;
    QStringList lines;
    for (std::size_t i = 0; i + 1 < last; ++i) {
        if (request[i].role != "system")
            lines += text(request[i].role) + QStringLiteral(": ") + text(request[i].content).left(TextField::kShownOfLonger);
    }
    return lines.join(QLatin1Char('\n'));
}

} // namespace

CaseEditor::CaseEditor(QWidget* parent)
    : QWidget(parent)
    , m_systemLabel(label(tr("System prompt")))
    , m_system(new TextField("caseSystemEdit", tr("System prompt"), this))
    , m_addSystem(new QPushButton(themedIcon(QStringLiteral("plus")), tr("system prompt"), this))
    , m_earlier(new QuietLabel({}, bodyFont(), this))
    , m_request(new TextField("caseRequestEdit", tr("Request"), this))
    , m_governs(new GovernsField(this))
    , m_citations(new QuietLabel({}, secondaryFont(), this))
    , m_chain(new TextField("caseChainEdit", tr("Chain"), this))
    , m_answer(new TextField("caseAnswerEdit", tr("Answer"), this))
    , m_notes(new TextField("caseNotesEdit", tr("Notes"), this))
    , m_highlighter(new CitationHighlighter(m_chain->document()))
{
    setObjectName(QStringLiteral("caseEditor"));
    build();
    auto* pause = new QTimer(this);
    pause->setSingleShot(true);
    pause->setInterval(kTypingPauseMs);
    connect(pause, &QTimer::timeout, this, &CaseEditor::checkCitations);
    connect(m_chain, &QTextEdit::textChanged, pause, qOverload<>(&QTimer::start));
    const auto say = [this] {
        if (!m_filling)
            Q_EMIT edited();
    };
    for (TextField* field : {m_system, m_request, m_chain, m_answer, m_notes}) {
        connect(field, &QTextEdit::textChanged, this, say);
        connect(field, &TextField::refused, this, &CaseEditor::refused);
    }
    connect(m_governs, &GovernsField::edited, this, say);
    connect(m_addSystem, &QPushButton::clicked, this, [this] {
        showSystem(true);
        m_system->setFocus();
    });
}

QLabel* CaseEditor::label(const QString& words)
{
    auto* made = new QuietLabel(words, labelFont(), this);
    made->setWordWrap(false);
    return made;
}

void CaseEditor::build()
{
    m_citations->setObjectName(QStringLiteral("citationsLabel"));
    m_citations->setWordWrap(false);
    m_earlier->setObjectName(QStringLiteral("earlierTurnsLabel"));
    m_earlier->setTextFormat(Qt::PlainText);
    m_addSystem->setObjectName(QStringLiteral("addSystemButton"));
    m_addSystem->setProperty("plain", true);
    m_addSystem->setAccessibleName(tr("Add a system prompt"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, kGap, 16, 16);
    layout->setSpacing(4);
    const auto head = [&](QWidget* left, QWidget* right) {
        auto* line = new QHBoxLayout;
        line->addWidget(left);
        line->addStretch();
        line->addWidget(right);
        layout->addLayout(line);
    };
    layout->addWidget(m_systemLabel);
    layout->addWidget(m_system);
    head(label(tr("Request")), m_addSystem);
    layout->addWidget(m_earlier);
    layout->addWidget(m_request);
    layout->addSpacing(kGap);
    layout->addWidget(label(tr("Governs")));
    layout->addWidget(m_governs);
    layout->addSpacing(kGap);
    head(label(tr("Chain")), m_citations);
    layout->addWidget(m_chain);
    layout->addSpacing(kGap);
    layout->addWidget(label(tr("Answer")));
    layout->addWidget(m_answer);
    layout->addSpacing(kGap);
    layout->addWidget(label(tr("Notes")));
    layout->addWidget(m_notes);
}

void CaseEditor::setCasebase(CasebaseBridge* casebase) { m_casebase = casebase; }

void CaseEditor::setCase(const casebase::Case& value)
{
    m_filling = true;
    m_base = value;
    m_system->setStored(systemText(value.request));
    m_request->setStored(lastUserText(value.request));
    const QString earlier = earlierTurns(value.request);
    m_earlier->setText(earlier);
    m_earlier->setVisible(!earlier.isEmpty());
    m_governs->setValue(value.codes);
    m_chain->setStored(value.chain);
    m_answer->setStored(value.answer);
    m_notes->setStored(value.notes);
    showSystem(!systemText(value.request).empty());
    m_filling = false;
    checkCitations();
}

casebase::Case CaseEditor::value() const
{
    casebase::Case value = m_base;
    setSystemText(value.request, m_system->stored());
    if (const std::string words = m_request->stored(); words != lastUserText(value.request))
        setLastUserText(value.request, words);
    value.codes = m_governs->value();
    value.chain = m_chain->stored();
    value.answer = m_answer->stored();
    value.notes = m_notes->stored();
    return value;
}

void CaseEditor::setEditable(bool editable)
{
    m_editable = editable;
    for (TextField* field : {m_system, m_request, m_chain, m_answer, m_notes})
        field->setEditable(editable);
    m_governs->setEditable(editable);
    showSystem(m_system->isVisibleTo(this));
}

void CaseEditor::focusRequest() { m_request->setFocus(Qt::OtherFocusReason); }

void CaseEditor::showSystem(bool shown)
{
    m_systemLabel->setVisible(shown);
    m_system->setVisible(shown);
    m_addSystem->setVisible(!shown && m_editable);
}

void CaseEditor::checkCitations()
{
    if (!m_casebase)
        return;
    const QStringList ids = CitationHighlighter::cited(m_chain->toPlainText());
    m_casebase->ask(
        this, [ids](casebase::Casebase& casebase) { return unknownOf(casebase, ids); },
        [this, ids](const QSet<QString>& unknown) {
            m_highlighter->setUnknown(unknown);
            const int known = static_cast<int>(ids.size() - unknown.size());
            if (ids.isEmpty())
                m_citations->setText(tr("no citation"));
            else if (unknown.isEmpty())
                m_citations->setText(counted(known, tr("1 citation, found"), tr("%1 citations, all found")));
            else
                m_citations->setText(tr("not found: %1").arg(QStringList(unknown.cbegin(), unknown.cend()).join(QStringLiteral(", "))));
        });
}

} // namespace precedent::ui
