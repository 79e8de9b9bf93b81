#include "ui/shell/case_fields.h"

#include <QComboBox>
#include <QFormLayout>
#include <QLineEdit>
#include <QSpinBox>

namespace precedent::ui {
namespace {

constexpr int kMostCases = 100;

} // namespace

CaseFields::CaseFields(const QString& prefix, const QString& itself, QWidget* parent)
    : QObject(parent)
    , m_cases(new QSpinBox(parent))
    , m_retrieval(new QComboBox(parent))
    , m_meaning(new QLineEdit(parent))
{
    m_cases->setObjectName(prefix + QStringLiteral("CasesSpin"));
    m_cases->setRange(0, kMostCases);
    m_cases->setValue(workspace::CaseChoice().casesPerPrompt);
    m_retrieval->setObjectName(prefix + QStringLiteral("RetrievalCombo"));
    const auto add = [this](Retrieval retrieval, const QString& words) { m_retrieval->addItem(words, static_cast<int>(retrieval)); };
    add(Retrieval::bm25, tr("shared words (bm25)"));
    add(Retrieval::dense, tr("meaning (dense)"));
    add(Retrieval::hybrid, tr("both (hybrid)"));
    m_retrieval->setToolTip(
        tr("By meaning, a model reads every case once, which takes a while; what it made of them is kept in the casebase."));
    m_meaning->setObjectName(prefix + QStringLiteral("MeaningField"));
    m_meaning->setAccessibleName(tr("Model of the meaning"));
    m_meaning->setPlaceholderText(itself);
    m_meaning->setToolTip(tr("The name or folder of a model, or the folder of a sentence encoder, that says which cases are near"));
    connect(m_retrieval, &QComboBox::currentIndexChanged, this, &CaseFields::follow);
    follow();
}

void CaseFields::addTo(QFormLayout& form) const
{
    form.addRow(tr("Cases at most"), m_cases);
    form.addRow(tr("Cases found by"), m_retrieval);
    form.addRow(tr("Model of the meaning"), m_meaning);
}

void CaseFields::setEnabled(bool enabled)
{
    m_enabled = enabled;
    follow();
}

workspace::CaseChoice CaseFields::choice() const
{
    workspace::CaseChoice choice;
    choice.casesPerPrompt = m_cases->value();
    choice.retrieval = static_cast<Retrieval>(m_retrieval->currentData().toInt());
    if (workspace::needsVectors(choice))
        choice.model = m_meaning->text().trimmed().toStdString();
    return choice;
}

void CaseFields::setChoice(const workspace::CaseChoice& choice)
{
    m_cases->setValue(choice.casesPerPrompt);
    if (const int known = m_retrieval->findData(static_cast<int>(choice.retrieval)); known >= 0)
        m_retrieval->setCurrentIndex(known);
    m_meaning->setText(QString::fromStdString(choice.model));
}

void CaseFields::follow()
{
    m_cases->setEnabled(m_enabled);
    m_retrieval->setEnabled(m_enabled);
    m_meaning->setEnabled(m_enabled && workspace::needsVectors(choice()));
}

} // namespace precedent::ui
