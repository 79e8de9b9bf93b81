#pragma once

#include <QObject>
#include <QString>

#include "precedent/workspace/case_choice.h"

class QComboBox;
class QFormLayout;
class QLineEdit;
class QSpinBox;
class QWidget;

namespace precedent::ui {

/// Three fields for the cases of a prompt: how many at most, how they are found, and whose states say what is near in meaning.
/// Named PREFIXCasesSpin, PREFIXRetrievalCombo and PREFIXMeaningField. Thread: UI.
class CaseFields final : public QObject {
    Q_OBJECT
public:
    /// `parent` owns the fields, too. `itself` says whose states count where the last field is empty.
    CaseFields(const QString& prefix, const QString& itself, QWidget* parent);

    void addTo(QFormLayout& form) const;
    void setEnabled(bool enabled);
    /// Without pinned and fixed cases.
    [[nodiscard]] workspace::CaseChoice choice() const;
    void setChoice(const workspace::CaseChoice& choice); ///< as choice() gives it

private:
    void follow();

    bool m_enabled = true;
    QSpinBox* m_cases;
    QComboBox* m_retrieval;
    QLineEdit* m_meaning;
};

} // namespace precedent::ui
