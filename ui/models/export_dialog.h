#pragma once

#include <vector>

#include <QDialog>

#include "ui/models/model_jobs.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QRadioButton;
class QVBoxLayout;

namespace precedent::ui {

/// What is known of a model that is to be exported.
struct ExportSubject {
    JobModel model;
    bool isAdapter = false;
    qint64 parameters = 0; ///< of the whole model; 0: not known
    qint64 adapterBytes = 0;
    bool storedAsFloat32 = false;
};

/// In what form, of which type and where to. Only what the engine will take can be accepted.
class ExportDialog final : public QDialog {
    Q_OBJECT
public:
    explicit ExportDialog(const ExportSubject& subject, QWidget* parent = nullptr);

    [[nodiscard]] workspace::ExportOrder order() const;
    /// Where exports went last, for the next one.
    static void rememberFolder(const workspace::ExportOrder& order);

private:
    void addForms(QVBoxLayout& column);
    [[nodiscard]] QWidget* makeFields();
    [[nodiscard]] const workspace::ExportForm& form() const;
    void takeForm();
    void showSize();
    void choosePlace();
    void check();
    [[nodiscard]] QString destination() const; ///< absolute
    [[nodiscard]] QString suggestion() const; ///< a free place for the form

    ExportSubject m_subject;
    std::vector<QRadioButton*> m_forms; ///< in the order of exportForms(); nullptr for those that the subject has not
    QComboBox* m_type;
    QString m_chosenType; ///< by the user; empty: the form's own
    QLabel* m_size;
    QLineEdit* m_base;
    QLabel* m_baseLabel;
    QLineEdit* m_place;
    QString m_suggested; ///< in m_place, unless the user wrote another
    QLabel* m_problem;
    QWidget* m_problemRow;
    QLabel* m_after; ///< what will be done, in the problem's place where there is none
    QPushButton* m_start;
};

} // namespace precedent::ui
