#include "ui/casebase/prompt_page.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/bridge/prompt_preview.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/reveal.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {

PromptPage::PromptPage(QWidget* parent)
    : QWidget(parent)
    , m_modes(new QButtonGroup(this))
    , m_facts(new QuietLabel({}, secondaryFont(), this))
    , m_text(new QPlainTextEdit(this))
{
    setObjectName(QStringLiteral("promptPage"));
    auto* modes = new QHBoxLayout;
    modes->setSpacing(4);
    for (const Mode mode : {Mode::none, Mode::codes, Mode::cases}) {
        auto* button = new QPushButton(QString::fromLatin1(precedent::toString(mode)), this);
        button->setObjectName(QStringLiteral("promptMode_") + button->text());
        button->setCheckable(true);
        button->setChecked(mode == Mode::cases);
        m_modes->addButton(button, static_cast<int>(mode));
        modes->addWidget(button);
    }
    modes->addStretch();
    m_facts->setObjectName(QStringLiteral("promptFacts"));
    m_text->setObjectName(QStringLiteral("promptText"));
    m_text->setAccessibleName(tr("What the model sees"));
    m_text->setReadOnly(true);
    m_text->setFont(monospaceFont());
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setProperty("field", true);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 12, 16, 16);
    layout->setSpacing(8);
    layout->addLayout(modes);
    layout->addWidget(m_facts);
    layout->addWidget(m_text, 1);
    connect(m_modes, &QButtonGroup::idClicked, this, &PromptPage::render);
    connect(&Reveal::instance(), &Reveal::changed, this, &PromptPage::hideOrShow);
}

void PromptPage::setCase(const std::filesystem::path& casebase, const casebase::Case& value)
{
    m_casebase = casebase;
    m_case = value;
    m_stale = true;
    ++m_serial;
    m_rendered.clear();
    m_sensitive = false;
    m_text->clear();
    m_facts->clear();
    if (isVisible())
        render();
}

void PromptPage::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (m_stale)
        render();
}

// The case itself is hidden by the page around it; here it is about those that its prompt shows.
void PromptPage::hideOrShow()
{
    const bool hidden = m_sensitive && !Reveal::instance().isOn();
    m_text->setPlainText(hidden ? tr("This prompt shows sensitive cases. Ctrl+Shift+R reveals it.") : m_rendered);
}

void PromptPage::render()
{
    if (m_casebase.empty())
        return;
    m_stale = false;
    m_facts->setText(tr("Rendering."));
    previewPrompt(m_casebase, m_case, static_cast<Mode>(m_modes->checkedId()), this,
        [this, serial = ++m_serial](const Result<workspace::PromptPreview>& preview) {
            if (serial != m_serial)
                return;
            if (!preview.ok()) {
                m_text->clear();
                m_facts->setText(QString::fromStdString(preview.error().message() + " " + preview.error().hint()));
                return;
            }
            m_rendered = QString::fromStdString(preview->text);
            m_sensitive = false;
            QStringList ids;
            for (const auto& shown : preview->cases) {
                ids += QString::fromStdString(shown.id);
                m_sensitive = m_sensitive || isSensitive(shown.disposition, shown.source);
            }
            hideOrShow();
            QString facts = counted(static_cast<qint64>(preview->tokens), tr("1 token"), tr("%1 tokens"));
            facts += QStringLiteral(" · ") + tr("as the starter model is given it");
            if (!ids.isEmpty())
                facts += QStringLiteral(" · ") + tr("shows %1 under aliases").arg(ids.join(QStringLiteral(", ")));
            if (preview->casesDropped > 0)
                facts += QStringLiteral(" · ") + tr("%1 more did not fit").arg(preview->casesDropped);
            m_facts->setText(facts);
        });
}

} // namespace precedent::ui
